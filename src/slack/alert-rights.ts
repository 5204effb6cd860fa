/** Subscriptions live longer than rights: what their creators may see is asked again, at the start and every hour. */
import type { Judgement } from '../app/subscriptions.js';
import { alertScopeOf } from '../app/subscriptions.js';
import type { Subscription } from '../domain/subscription.js';
import type { DeskDeps } from './desk.js';
import type { Sleep } from './pace.js';

const EVERY_MS = 3_600_000;

const createJudge =
  ({ findPerson, scopeOf }: Pick<DeskDeps, 'findPerson' | 'scopeOf'>) =>
  async ({ createdBy, channel, channelName }: Subscription): Promise<Judgement> => {
    const person = await findPerson({ id: createdBy, name: '', teamId: null });
    const granted = scopeOf(person, { id: channel, name: channelName }, 'subscribe');
    const scope = granted.kind === 'scope' ? alertScopeOf(granted.scope) : null;
    if (scope !== null) return { kind: 'scope', scope };
    // When Slack did not say who it is, nothing is known.
    return { kind: person.doubt === null ? 'nothing' : 'unknown' };
  };

/** Until `signal` aborts. */
export const keepReviewing = async (
  deps: Pick<DeskDeps, 'findPerson' | 'scopeOf' | 'alerts' | 'log'> & Readonly<{ sleep: Sleep }>,
  signal: AbortSignal,
): Promise<void> => {
  const { alerts, log, sleep } = deps;
  if (alerts === null) return;
  while (!signal.aborted) {
    try {
      await alerts.subscriptions.review(createJudge(deps));
    } catch (error) {
      log.error({ err: error }, 'the rights of subscribers could not be reviewed');
    }
    await sleep(EVERY_MS, signal);
  }
};
