/** Mail that passes through the sample fleet while somebody watches: its lines are written as they happen. */
import { appendFile } from 'node:fs/promises';
import { castScript, type Script, type Step, succeed } from './live-script.js';

export type LiveMailState = Readonly<{
  isRelayBroken: boolean;
  /** Ever sent. */
  sent: number;
  /** Not yet delivered or given up. */
  underway: number;
}>;

export type LiveMail = Readonly<{
  state: () => LiveMailState;
  /** Lets so many mails enter the fleet within the next seconds. @returns how many were taken. */
  send: (count: number) => number;
  setRelayBroken: (isBroken: boolean) => void;
  onChange: (listener: () => void) => () => void;
  /** Writes the lines whose time has come. Called by the timer; tests call it themselves. */
  tick: () => Promise<void>;
  close: () => Promise<void>;
}>;

export type LiveMailDeps = Readonly<{
  script: Script;
  /** Host → file its lines are appended to. */
  fileOf: (host: string) => string | undefined;
  now: () => number;
  random: () => number;
}>;

const SENDERS = ['alice', 'bob', 'carol', 'dave', 'erin'] as const;
const RECIPIENTS = ['zoe', 'yan', 'xenia', 'will', 'vera', 'uma', 'tom'] as const;
const RELAY_DOMAIN = 'partner.example';
/** Apart from each other, so that no two mails share a stamp. */
const SPACING_MS = 450;
/** Somebody may lean on the button. */
const UNDERWAY_MAX = 500;
const TICK_MS = 200;

type Mail = { steps: readonly Step[]; startMs: number; cast: (line: string) => string; failures: number };

type Written = Readonly<{ host: string; atMs: number; line: string }>;

type Traffic = {
  readonly mails: Set<Mail>;
  isRelayBroken: boolean;
  sent: number;
  lastStartMs: number;
};

/** What the next step of a mail writes; what is left of the mail stays in it. */
const play = (mail: Mail, script: Script, isRelayBroken: boolean): readonly Step[] => {
  const [step, ...rest] = mail.steps;
  mail.steps = rest;
  if (step === undefined) return [];
  if (step.kind === 'line') return [step];
  if (isRelayBroken) {
    mail.failures++;
    return [step];
  }
  // What only further failures would have caused does not happen.
  mail.steps = rest.filter(({ failuresBefore }) => failuresBefore <= mail.failures);
  return succeed(script, step);
};

const playUntil = (mail: Mail, untilMs: number, script: Script, isRelayBroken: boolean): readonly Written[] => {
  const written: Written[] = [];
  while (mail.steps[0] !== undefined && mail.startMs + mail.steps[0].offsetMs <= untilMs) {
    for (const { host, line, offsetMs } of play(mail, script, isRelayBroken)) {
      written.push({ host, atMs: mail.startMs + offsetMs, line: mail.cast(line) });
    }
  }
  return written;
};

/** Writes the lines whose time has come. @returns how many mails ended with them */
const writeDue = async ({ script, fileOf, now }: LiveMailDeps, { mails, isRelayBroken }: Traffic): Promise<number> => {
  const untilMs = now();
  const written = [...mails]
    .flatMap((mail) => playUntil(mail, untilMs, script, isRelayBroken))
    .sort((a, b) => a.atMs - b.atMs);
  const ended = [...mails].filter(({ steps }) => steps.length === 0);
  for (const mail of ended) mails.delete(mail);
  for (const name of new Set(written.map(({ host }) => host))) {
    const file = fileOf(name);
    const lines = written.filter(({ host }) => host === name).map(({ line }) => `${line}\n`);
    if (file !== undefined) await appendFile(file, lines.join(''));
  }
  return ended.length;
};

const sendMails = ({ script, now, random }: LiveMailDeps, traffic: Traffic, count: number): number => {
  const { mails } = traffic;
  const pick = (names: readonly string[]): string => names[Math.floor(random() * names.length)]!;
  const taken = Math.max(0, Math.min(count, UNDERWAY_MAX - mails.size));
  for (let n = 0; n < taken; n++) {
    traffic.lastStartMs = Math.max(now(), traffic.lastStartMs + SPACING_MS);
    const startMs = traffic.lastStartMs;
    const recipient = `${pick(RECIPIENTS)}@${RELAY_DOMAIN}`;
    const cast = castScript(script, { sender: pick(SENDERS), recipient, startMs, random });
    mails.add({ steps: script.steps, startMs, cast, failures: 0 });
  }
  traffic.sent += taken;
  return taken;
};

export const createLiveMail = (deps: LiveMailDeps): LiveMail => {
  const traffic: Traffic = { mails: new Set(), isRelayBroken: false, sent: 0, lastStartMs: 0 };
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  let writing: Promise<void> = Promise.resolve();
  const tick = (): Promise<void> => {
    writing = writing.then(async () => {
      if ((await writeDue(deps, traffic)) > 0) changed();
    });
    return writing;
  };
  const timer = setInterval(() => void tick(), TICK_MS);
  timer.unref();
  return {
    state: () => ({ isRelayBroken: traffic.isRelayBroken, sent: traffic.sent, underway: traffic.mails.size }),
    send: (count) => {
      const taken = sendMails(deps, traffic, count);
      changed();
      return taken;
    },
    setRelayBroken: (isBroken) => {
      traffic.isRelayBroken = isBroken;
      changed();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tick,
    close: async () => {
      clearInterval(timer);
      await writing;
    },
  };
};
