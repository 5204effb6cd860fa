/** Searches the logs of one machine; searches that come at the same moment travel as one request. */
import type { SearchOutcome, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import { buildOutcome } from './file-outcome.js';
import type { Wish } from './line-wishes.js';
import type { HostFault } from './log-catalog.js';
import { MIXED_DISORDER_MS } from './piece-times.js';
import { createTicket, type Ticket } from './search-ticket.js';
import type { Answer } from './ssh-answer.js';
import { type Evaluation, evaluate, type Job } from './ssh-evaluate.js';
import { createGround, type Ground, type GroundOptions } from './ssh-ground.js';
import type { Machine, Visit } from './ssh-machine.js';
import { mergeOutcomes, unreachable } from './ssh-outcome.js';
import { describeRemoteFault, isOutdated, missingToolsFault, untoldFault } from './ssh-path-faults.js';
import { type Asked, type Planned, planRequest } from './ssh-plan.js';
import { buildRequest } from './ssh-request.js';
import type { Route } from './ssh-route.js';

export type MachineSearchOptions = GroundOptions & Readonly<{ machine: Machine; routeOf: (host: HostName) => Route }>;

/** What all machines of one search have returned so far. */
export type Used = { lines: number; bytes: number };

export type MachineSearch = (request: SearchRequest, used: Used, signal: AbortSignal) => Promise<SearchOutcome>;

/** Lines that hold a text but not as a whole word, or outside the window, travel as well. */
const TRANSFER_FACTOR = 4;
const TRANSFER_MIN = 64 * 1024 * 1024;

type Waiting = Readonly<{
  request: SearchRequest;
  used: Used;
  signal: AbortSignal;
  resolve: (outcome: SearchOutcome) => void;
  reject: (error: unknown) => void;
}>;

/** A search with the hosts whose key is right; the others have their outcome already. */
type Ready = Readonly<{ waiting: Waiting; hosts: readonly HostName[]; refused: readonly SearchOutcome[] }>;

type Answered = Readonly<{ answer: Answer; planned: Planned; isCut: boolean }>;

type Judged = Readonly<{ evaluation: Evaluation; outcome: SearchOutcome; extra: readonly Wish[]; bytes: number }>;

/** Queue IDs that the lines led to and the machine did not search for: then all of them are asked for. */
const missingIds = ({ related }: Evaluation, { ids }: Answer, { lookups }: SearchRequest): readonly Wish[] => {
  const isAll = (window: Wish['window']): boolean =>
    lookups.some(({ relatedWindow, needles }) => relatedWindow === window && needles.length === 0);
  const asked = new Set(lookups.flatMap(({ needles }) => needles.map(({ text }) => text)));
  const isMissing = related.some(
    ({ window, needles }) => !isAll(window) && needles.some(({ text }) => !ids.has(text) && !asked.has(text)),
  );
  return isMissing ? related : [];
};

const faultsOf = (answer: Answer, planned: Planned, job: Job, { info, zone }: Ground): readonly HostFault[] => {
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs: job.middleMs });
  const fromMs = Math.min(...job.ticket.request.lookups.map(({ window }) => window.fromMs)) - MIXED_DISORDER_MS;
  return answer.faults
    .filter((each) => !isOutdated(each, answer, (line) => parse(line)?.timeMs ?? null, fromMs))
    .flatMap((each) => {
      const hosts = new Set(each.pathIndexes.flatMap((index) => planned.paths[index]?.owners ?? []));
      const fault = describeRemoteFault(each, info);
      return [...hosts].map((host) => ({ host, fault }));
    });
};

/** "No mail" and "no answer" must not become the same: paths that the answer says nothing of. */
const untoldFaults = ({ answer, planned }: Answered, index: number): readonly HostFault[] => {
  const told = new Set([...answer.pieces.values(), ...answer.faults].flatMap(({ pathIndexes }) => pathIndexes));
  const { missingTools } = answer;
  return [...planned.pathIndexes[index]!]
    .filter((path) => missingTools.length > 0 || !told.has(path))
    .flatMap((place) => {
      const { path, owners } = planned.paths[place]!;
      const fault = missingTools.length > 0 ? missingToolsFault(path, missingTools) : untoldFault(path);
      return owners.map((host) => ({ host, fault }));
    });
};

/** Of the answer to all, what belongs to one search. */
const ownPart = (answer: Answer, { spans, pathIndexes }: Planned, index: number): Answer => {
  const isOwn = ({ pathIndexes: paths }: Readonly<{ pathIndexes: readonly number[] }>): boolean =>
    paths.some((path) => pathIndexes[index]!.has(path));
  const own = spans[index]!;
  return {
    ...answer,
    pieces: new Map([...answer.pieces].filter(([, piece]) => isOwn(piece))),
    faults: answer.faults.filter(isOwn),
    lines: answer.lines.filter(({ span }) => own.has(span)),
    setBacks: answer.setBacks.filter(({ span }) => own.has(span)),
  };
};

const cutAll = (readings: Evaluation['readings'], ticket: Ticket): Evaluation['readings'] =>
  readings.map(({ log, reading }) => ({ log, reading: { ...reading, cut: new Set([ticket]) } }));

const judge = (answered: Answered, ready: Ready, index: number, ground: Ground): Judged => {
  const { answer, planned, isCut } = answered;
  const { request: whole, used } = ready.waiting;
  const { maxLines, maxBytes } = whole.budget;
  const budget = { maxLines: Math.max(0, maxLines - used.lines), maxBytes: Math.max(0, maxBytes - used.bytes) };
  const request = { ...whole, hosts: ready.hosts, budget };
  const site = ground.siteOf(planned.paths);
  const configured = { has: site.isConfigured };
  const ticket = createTicket(request, configured);
  const job: Job = { ticket, middleMs: planned.request.middleMs, spans: planned.spans[index]! };
  const own = ownPart(answer, planned, index);
  const evaluation = evaluate(own, site, job);
  const readings = isCut ? cutAll(evaluation.readings, ticket) : evaluation.readings;
  // Of what comes after the cut nothing could be said.
  const untold = isCut ? [] : untoldFaults(answered, index);
  const catalog = {
    logs: readings.map(({ log }) => log),
    faults: [...faultsOf(own, planned, job, ground), ...untold],
  };
  const outcome = buildOutcome({ ticket, configured, catalog, readings });
  const isFull = isCut || outcome.isCut;
  return {
    evaluation,
    outcome: { ...outcome, isCut: isFull },
    extra: isFull ? [] : missingIds(evaluation, answer, request),
    bytes: outcome.records.reduce((sum, { raw }) => sum + raw.length, 0),
  };
};

const checkKeys = async (waiting: Waiting, visit: Visit, routeOf: MachineSearchOptions['routeOf']): Promise<Ready> => {
  const checked = await Promise.all(
    waiting.request.hosts.map(async (host) => ({ host, fault: await visit.keyFault(routeOf(host)) })),
  );
  return {
    waiting,
    hosts: checked.filter(({ fault }) => fault === null).map(({ host }) => host),
    refused: checked.flatMap(({ host, fault }) => (fault === null ? [] : [unreachable([host], fault)])),
  };
};

const askAll = async (
  visit: Visit,
  asked: readonly Asked[],
  ready: readonly Ready[],
  isEvery: boolean,
): Promise<Answered> => {
  const planned = planRequest(asked, isEvery);
  const maxBytes = ready.reduce(
    (sum, { waiting }) => sum + waiting.request.budget.maxBytes * TRANSFER_FACTOR,
    TRANSFER_MIN,
  );
  const { answer, isCut } = await visit.ask(buildRequest(planned.request), maxBytes);
  return { answer, planned, isCut };
};

/**
 * Asks for all searches at once, and once more for those whose first answer showed that more is needed, or came while files
 * were rotated. Two rotations in a row are not ours to chase.
 */
const answerAll = async (batch: readonly Waiting[], visit: Visit, options: MachineSearchOptions): Promise<void> => {
  const ground = createGround(options, visit.info);
  const ready = await Promise.all(batch.map((waiting) => checkKeys(waiting, visit, options.routeOf)));
  const askedBy = ({ waiting, hosts }: Ready, extra: readonly Wish[]): Asked => ({
    paths: ground.pathsOf(hosts),
    lookups: waiting.request.lookups,
    extra,
  });
  const settle = ({ waiting, refused }: Ready, { outcome, bytes }: Judged): void => {
    waiting.used.lines += outcome.records.length;
    waiting.used.bytes += bytes;
    waiting.resolve(mergeOutcomes(waiting.request, [...refused, outcome]));
  };
  const first = await askAll(
    visit,
    ready.map((each) => askedBy(each, [])),
    ready,
    false,
  );
  const again: Readonly<{ each: Ready; judged: Judged }>[] = [];
  for (const [index, each] of ready.entries()) {
    const judged = judge(first, each, index, ground);
    if (judged.extra.length === 0 && judged.evaluation.isInOrder && !first.answer.isMoved) settle(each, judged);
    else again.push({ each, judged });
  }
  if (again.length === 0) return;
  const isEvery = again.some(({ judged }) => !judged.evaluation.isInOrder);
  const asked = again.map(({ each, judged }) => askedBy(each, judged.extra));
  const second = await askAll(
    visit,
    asked,
    again.map(({ each }) => each),
    isEvery,
  );
  for (const [index, { each }] of again.entries()) settle(each, judge(second, each, index, ground));
};

/** The searches that wait for one answer. Several of them may have one signal. */
type Batch = Readonly<{ waiting: Waiting[]; signal: AbortSignal; close: () => void }>;

/** Its signal aborts when nobody waits any more; who has aborted is told at once. */
const createBatch = (waiting: Waiting[]): Batch => {
  const controller = new AbortController();
  const signals = new Set(waiting.map(({ signal }) => signal));
  const leave = (): void => {
    for (const { signal, reject } of waiting) if (signal.aborted) reject(signal.reason);
    const [first] = signals;
    if ([...signals].every(({ aborted }) => aborted)) controller.abort(first?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', leave);
  leave();
  return {
    waiting,
    signal: controller.signal,
    close: () => {
      for (const signal of signals) signal.removeEventListener('abort', leave);
    },
  };
};

const fail = (batch: readonly Waiting[], error: unknown): void => {
  for (const { request, resolve, reject } of batch) {
    if (error instanceof MailtraceError) resolve(unreachable(request.hosts, error));
    else reject(error);
  }
};

export const createMachineSearch = (options: MachineSearchOptions): MachineSearch => {
  let queue: Waiting[] = [];
  const flush = (): void => {
    const { waiting, signal, close } = createBatch(queue);
    queue = [];
    options.machine
      .visit((visit) => answerAll(waiting, visit, options), signal)
      .catch((error: unknown) => fail(waiting, error))
      .finally(close);
  };
  return (request, used, signal) =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) setImmediate(flush);
      queue.push({ request, used, signal, resolve, reject });
    });
};
