/** Who may ask what, and about whose mail (CONTRACT §5 `access`). Rules add up; where none fits, nothing is allowed. */
import type { Chain } from '../domain/chain.js';
import { queueFilesOf } from '../domain/transaction.js';
import type { Scope } from '../query/trace-query.js';

export type Right = 'trace' | 'search' | 'live' | 'subscribe' | 'admin';

/** One rule of the configuration. Without `who` it is for a token, not for a person. */
export type AccessRule = Readonly<{
  /** `U…`/`W…` people, `S…` user groups, `C…`/`G…` or `#name` channels. */
  who?: 'everyone' | readonly string[] | undefined;
  may: readonly Right[];
  /** Clusters by name, domains in lower case. */
  scope: 'all' | 'own' | Readonly<{ domains: readonly string[]; clusters: readonly string[] }>;
}>;

/** A person as Slack knows him, in the channel in which he asks. */
export type Asker = Readonly<{
  userId: string;
  /** Confirmed address; null when there is none. */
  email: string | null;
  /** `S…` */
  userGroups: readonly string[];
  channelId: string;
  /** Without `#`. */
  channelName: string;
  /** Guest, person of another organisation, or not known to be neither: rights only by `userId`. */
  isOutsider: boolean;
}>;

export type Access = Readonly<{
  may: (right: Right) => boolean;
  /** null when the right is not given, or only for `own` mail of somebody without a confirmed address. */
  scopeFor: (right: Right) => Scope | null;
}>;

/** Canonical names of a cluster's machines; null when there is no such cluster. */
export type ClusterHosts = (cluster: string) => readonly string[] | null;

/** No right implies another: `admin` alone may not trace. */
export const evaluateAccess = (rules: readonly AccessRule[], asker: Asker, clusterHosts: ClusterHosts): Access => {
  const fitting = rules.filter(({ who }) => isNamed(who, asker));
  const rulesFor = (right: Right): readonly AccessRule[] => fitting.filter(({ may }) => may.includes(right));
  return {
    may: (right) => rulesFor(right).length > 0,
    scopeFor: (right) => uniteScopes(rulesFor(right), asker, clusterHosts),
  };
};

/** Whose mail it is, and where it was. Addresses as logged; hosts canonical. */
export type MailParties = Readonly<{
  senders: readonly string[];
  /** Final and original ones. */
  recipients: readonly string[];
  hosts: readonly string[];
}>;

export const partiesOfChain = ({ transactions }: Chain): MailParties => ({
  // The copy for a list has its owner as the sender.
  senders: transactions.flatMap(queueFilesOf).flatMap(({ sender }) => (sender === null ? [] : [sender])),
  recipients: transactions.flatMap(({ recipients }) =>
    recipients.flatMap(({ address, originalAddress }) =>
      originalAddress === null ? [address] : [address, originalAddress],
    ),
  ),
  hosts: transactions.map(({ host }) => host),
});

/** `part`: what happened on `hosts`, and with `address` the mail of that person, other recipients only counted. */
export type VisiblePart =
  | Readonly<{ kind: 'whole' }>
  | Readonly<{ kind: 'part'; address: string | null; hosts: readonly string[] }>
  | Readonly<{ kind: 'nothing' }>;

/** What of a mail an asker with this scope may see. */
export const findVisiblePart = (scope: Scope, mail: MailParties): VisiblePart => {
  const addresses = [...mail.senders, ...mail.recipients];
  switch (scope.kind) {
    case 'all':
      return { kind: 'whole' };
    case 'own':
      return addresses.some((address) => isSame(address, scope.address))
        ? { kind: 'part', address: scope.address, hosts: [] }
        : { kind: 'nothing' };
    case 'limited': {
      if (addresses.some((address) => scope.domains.some((domain) => isInDomain(address, domain))))
        return { kind: 'whole' };
      const hosts = mail.hosts.filter((host) => scope.hosts.includes(host));
      return hosts.length > 0 ? { kind: 'part', address: null, hosts } : { kind: 'nothing' };
    }
    case 'any-of':
      return scope.scopes.map((each) => findVisiblePart(each, mail)).reduce(uniteParts, { kind: 'nothing' });
  }
};

/** True when the asker may learn of this mail at all. */
export const isVisible = (scope: Scope, mail: MailParties): boolean => findVisiblePart(scope, mail).kind !== 'nothing';

/** Lines that give a first administrator all rights, and show the other forms. */
export const ACCESS_EXAMPLE = `access:
  - who: [U0123ABCD]              # your Slack member ID: open your profile, "…", "Copy member ID"
    may: [trace, search, live, subscribe, admin]
    scope: all
  - who: ["#postmaster"]          # whoever asks in this channel; quoted, because # begins a comment
    may: [trace, search]
    scope: { domains: [example.org] }
  - who: everyone                 # but no guests and nobody of another organisation
    may: [trace]
    scope: own                    # mail from or to the asker's own confirmed address
`;

/** What Slack sends in place of a name for channels that it does not name. */
const NAMELESS: ReadonlySet<string> = new Set(['', 'privategroup', 'directmessage']);

const isNamed = (who: AccessRule['who'], asker: Asker): boolean => {
  if (who === undefined) return false;
  if (who !== 'everyone' && who.includes(asker.userId)) return true;
  if (asker.isOutsider) return false;
  if (who === 'everyone') return true;
  const channelName = NAMELESS.has(asker.channelName) ? [] : [`#${asker.channelName}`];
  return [...asker.userGroups, asker.channelId, ...channelName].some((name) => who.includes(name));
};

const uniteScopes = (rules: readonly AccessRule[], asker: Asker, clusterHosts: ClusterHosts): Scope | null => {
  const scopes = rules.map(({ scope }) => scope);
  if (scopes.includes('all')) return { kind: 'all' };
  const limits = scopes.filter((scope) => scope !== 'all' && scope !== 'own');
  const domains = [...new Set(limits.flatMap((scope) => scope.domains))];
  const hosts = [...new Set(limits.flatMap(({ clusters }) => clusters.flatMap((name) => clusterHosts(name) ?? [])))];
  const address = scopes.includes('own') ? asker.email : null;
  const own = address ? ({ kind: 'own', address } as const) : null;
  if (limits.length === 0) return own;
  const limited = { kind: 'limited', domains, hosts } as const;
  return own === null ? limited : { kind: 'any-of', scopes: [own, limited] };
};

const uniteParts = (a: VisiblePart, b: VisiblePart): VisiblePart => {
  if (a.kind === 'nothing' || b.kind === 'whole') return b;
  if (b.kind === 'nothing' || a.kind === 'whole') return a;
  return { kind: 'part', address: a.address ?? b.address, hosts: [...new Set([...a.hosts, ...b.hosts])] };
};

const isSame = (address: string, own: string): boolean => own !== '' && address.toLowerCase() === own.toLowerCase();

/** The domain itself and its sub-domains. The null sender is in none. */
const isInDomain = (address: string, domain: string): boolean => {
  const at = address.lastIndexOf('@');
  const host = address
    .slice(at + 1)
    .toLowerCase()
    .replace(/\.$/, '');
  return at >= 0 && (host === domain.toLowerCase() || host.endsWith(`.${domain.toLowerCase()}`));
};
