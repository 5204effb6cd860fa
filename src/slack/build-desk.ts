/** Puts the parts of the bot together. */
import { randomBytes } from 'node:crypto';
import { type AccessRule, evaluateAccess } from '../app/access.js';
import type { AuditLog, GraphImager, Log } from '../app/ports.js';
import type { Tracer } from '../app/tracer.js';
import type { AnswerDeps } from './answer.js';
import { createFindPerson, type Home } from './asker.js';
import type { AlertDesk, DeskDeps, ScopeOf } from './desk.js';
import type { Jobs } from './jobs.js';
import type { Pacer, Sleep } from './pace.js';
import { createPutFile, createSender } from './send.js';
import type { SlackCall } from './slack-call.js';

export type DeskParts = Readonly<{
  tracer: Tracer;
  imager: Pick<GraphImager, 'toPng'>;
  accessRules: readonly AccessRule[];
  audit: AuditLog;
  log: Log;
  now: () => number;
  sleep: Sleep;
  call: SlackCall;
  jobs: Pick<Jobs, 'add'>;
  home: Home;
  botName: string;
  traceTimeoutMs: number;
  pacer: Pacer;
  alerts: AlertDesk | null;
}>;

const createScopeOf =
  ({ accessRules, tracer }: Pick<DeskParts, 'accessRules' | 'tracer'>): ScopeOf =>
  ({ id, email, groups, isOutsider }, channel, right) => {
    const asker = {
      userId: id,
      email,
      userGroups: groups,
      channelId: channel.id,
      channelName: channel.name,
      isOutsider,
    };
    const access = evaluateAccess(accessRules, asker, (cluster) => tracer.clusters[cluster] ?? null);
    const scope = access.scopeFor(right);
    if (scope !== null) return { kind: 'scope', scope };
    return { kind: access.may(right) ? 'no-address' : 'nothing' };
  };

const groupsOf = (rules: readonly AccessRule[]): readonly string[] => {
  const names = rules.flatMap(({ who }) => (who === undefined || who === 'everyone' ? [] : who));
  return [...new Set(names.filter((name) => /^S[A-Z0-9]+$/.test(name)))];
};

export const createDesk = (parts: DeskParts): DeskDeps => {
  const { tracer, imager, accessRules, audit, log, now, sleep, call, jobs, home, botName, traceTimeoutMs } = parts;
  const { pacer, alerts } = parts;
  const sender = createSender({ call, pacer, putFile: createPutFile({ fetch, sleep }) });
  const reportBug = (error: unknown): string => {
    const reference = randomBytes(5).toString('hex');
    log.error({ reference, err: error }, 'bug');
    return reference;
  };
  const answer: AnswerDeps = {
    sender,
    imager,
    clusters: tracer.clusters,
    traceMessage: tracer.traceMessage,
    traceTimeoutMs,
    botName,
    audit,
    log,
    now,
    sleep,
    reportBug,
  };
  const findPerson = createFindPerson({ call, home, groups: groupsOf(accessRules), now, log });
  return { answer, findPerson, scopeOf: createScopeOf(parts), jobs, alerts, audit, log, timeZone: tracer.timeZone };
};
