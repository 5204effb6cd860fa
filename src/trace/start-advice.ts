/** Where mail of each direction is seen first: for those who found nothing where they looked. */
import type { Architecture, Direction } from '../domain/architecture.js';
import type { StartPlace } from '../domain/chain.js';
import type { Keyword } from '../domain/keyword.js';

/** Notices begin wherever something failed, and forwarded mail comes in where inbound mail does. */
const ASKED: readonly Direction[] = ['inbound', 'outbound', 'internal'];

const isOurs = ({ domains }: Architecture, address: string): boolean => {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return domains.some((own) => domain === own || domain.endsWith(`.${own}`));
};

/** Directions that mail with this keyword can have; all of them when the keyword does not say. */
const directionsOf = (keyword: Keyword, architecture: Architecture): readonly Direction[] => {
  const { kind, text } = keyword;
  if (architecture.domains.length === 0 || !text.includes('@')) return ASKED;
  if (kind === 'to') return isOurs(architecture, text) ? ['inbound', 'internal'] : ['outbound'];
  if (kind === 'from') return isOurs(architecture, text) ? ['outbound', 'internal'] : ['inbound'];
  if (kind !== 'address-or-id' || isOurs(architecture, text)) return ASKED;
  return ['inbound', 'outbound'];
};

/** Nothing where the configuration does not say where mail comes in. */
export const adviseStart = (keywords: readonly Keyword[], architecture: Architecture): readonly StartPlace[] =>
  ASKED.filter((direction) =>
    keywords.every((keyword) => directionsOf(keyword, architecture).includes(direction)),
  ).flatMap((direction) => {
    const names = architecture.plans.get(direction)?.start ?? [];
    return names.length === 0 ? [] : [{ direction, names: [...new Set(names)] }];
  });
