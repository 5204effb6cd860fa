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

export const createLiveMail = ({ script, fileOf, now, random }: LiveMailDeps): LiveMail => {
  const mails = new Set<Mail>();
  const listeners = new Set<() => void>();
  let isRelayBroken = false;
  let sent = 0;
  let lastStartMs = 0;
  let writing: Promise<void> = Promise.resolve();

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const pick = (names: readonly string[]): string => names[Math.floor(random() * names.length)]!;

  /** What the next step of a mail writes, and what is left of the mail after it. */
  const play = (mail: Mail): readonly Step[] => {
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

  const dueOf = (mail: Mail, untilMs: number): readonly Written[] => {
    const written: Written[] = [];
    while (mail.steps[0] !== undefined && mail.startMs + mail.steps[0].offsetMs <= untilMs) {
      for (const { host, line, offsetMs } of play(mail)) {
        written.push({ host, atMs: mail.startMs + offsetMs, line: mail.cast(line) });
      }
    }
    return written;
  };

  const write = async (): Promise<void> => {
    const untilMs = now();
    const written = [...mails].flatMap((mail) => dueOf(mail, untilMs)).sort((a, b) => a.atMs - b.atMs);
    const ended = [...mails].filter(({ steps }) => steps.length === 0);
    for (const mail of ended) mails.delete(mail);
    for (const name of new Set(written.map(({ host }) => host))) {
      const file = fileOf(name);
      const lines = written.filter(({ host }) => host === name).map(({ line }) => `${line}\n`);
      if (file !== undefined) await appendFile(file, lines.join(''));
    }
    if (ended.length > 0) changed();
  };
  const tick = (): Promise<void> => {
    writing = writing.then(write);
    return writing;
  };
  const timer = setInterval(() => void tick(), TICK_MS);
  timer.unref();

  return {
    state: () => ({ isRelayBroken, sent, underway: mails.size }),
    send: (count) => {
      const taken = Math.max(0, Math.min(count, UNDERWAY_MAX - mails.size));
      for (let n = 0; n < taken; n++) {
        lastStartMs = Math.max(now(), lastStartMs + SPACING_MS);
        const recipient = `${pick(RECIPIENTS)}@${RELAY_DOMAIN}`;
        const cast = castScript(script, { sender: pick(SENDERS), recipient, startMs: lastStartMs, random });
        mails.add({ steps: script.steps, startMs: lastStartMs, cast, failures: 0 });
      }
      sent += taken;
      changed();
      return taken;
    },
    setRelayBroken: (isBroken) => {
      isRelayBroken = isBroken;
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
