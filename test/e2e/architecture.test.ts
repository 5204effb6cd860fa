/** Routes over real logs: the ways that are told are those of the ground truth, and nothing is flagged that is by design. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFor } from '../../scripts/corpus/layouts.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { openFromText } from '../support/open-tracer.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));

type PathJson = Readonly<{
  direction: string | null;
  hosts: readonly string[];
  recipients: readonly string[];
  expected: boolean | null;
  note: string | null;
}>;
type FindingJson = Readonly<{ code: string; text: string; host: string | null }>;
type ChainJson = Readonly<{
  verdict: string;
  isMatch: boolean;
  paths: readonly PathJson[];
  findings: readonly FindingJson[];
  transactions: readonly Readonly<{ host: string; queueId: string }>[];
}>;
type ReportJson = Readonly<{ chains: readonly ChainJson[] }>;
type Final = Readonly<{ address: string; status: string; path?: readonly (readonly [string, string])[] }>;
type Mail = Readonly<{
  message_id: string;
  entry_host: string;
  entry_queue_id: string | null;
  envelope_to: readonly string[];
  submitted_at: string;
  finals: readonly Final[];
}>;
type Scenario = Readonly<{ sid: string; title: string; mails: readonly Mail[] }>;

const scenarios: readonly Scenario[] = truth.scenarios.map(({ sid, title, mails }: Scenario) => ({
  sid,
  title,
  mails,
}));

const ROLES = {
  mx: ['mx-cluster'],
  filter: ['gw'],
  lists: ['lists1'],
  mailbox: ['mailbox1', 'mailbox2'],
  legacy: ['sm1'],
  apps: ['ex1'],
  submission: ['smtp1'],
  relay: ['out1'],
};

/** How the fleet was built: aliases and forwards send mail round by the filter; sm1 and ex1 have users and aliases of their own. */
const BY_DESIGN = {
  domains: ['campus.example'],
  networks: ['10.20.0.0/16'],
  roles: ROLES,
  inbound: {
    start: 'mx-cluster',
    routes: [
      ['mx', 'lists?', 'filter', 'lists?', 'mailbox'],
      ['mx', 'lists?', 'mailbox'],
      ['mx', 'lists?', 'filter?', 'legacy'],
      ['mx', 'lists?', 'filter?', 'apps'],
      ['mx', 'filter', 'mailbox', 'filter', 'lists', 'mailbox'],
      ['mx', 'legacy', 'filter?', 'lists?', 'mailbox'],
      ['mx', 'lists?', 'filter?', 'legacy?', 'apps', 'relay', 'lists', 'filter', 'lists', 'mailbox'],
    ],
  },
  forwarded: {
    routes: [
      ['mx', 'lists?', 'filter', 'relay'],
      ['mx', 'legacy', 'filter', 'relay'],
      ['mx', 'apps', 'relay'],
    ],
  },
  outbound: {
    routes: [
      // A program on ex1 sends through smtp1 (S105).
      ['apps?', 'submission', 'filter', 'relay'],
      ['submission', 'legacy', 'filter', 'relay'],
      ['submission?', 'apps', 'relay'],
    ],
  },
  internal: {
    routes: [
      ['submission', 'filter?', 'lists?', 'mailbox'],
      ['submission?', 'legacy', 'filter?', 'lists?', 'mailbox?'],
      ['submission?', 'legacy?', 'apps'],
      ['apps', 'relay', 'lists', 'filter', 'lists', 'mailbox'],
    ],
  },
  notices: { exit: ['mailbox', 'relay'] },
};

type Tracer = Awaited<ReturnType<typeof openFromText>>;

const open = (architecture: object): Promise<Tracer> =>
  openFromText(JSON.stringify({ ...JSON.parse(configFor(truth, 'rfc3339')), architecture }));

/** The chain of a mail, and those of the notices about it. */
const chainsOf = async (tracer: Tracer, mail: Mail): Promise<readonly ChainJson[]> => {
  if (mail.entry_queue_id === null) return [];
  const report = (await tracer.trace([`qid:${mail.entry_queue_id}`], mail.submitted_at)) as ReportJson;
  const own = report.chains.filter(({ transactions }) =>
    transactions.some(({ queueId }) => queueId === mail.entry_queue_id),
  );
  return [...own, ...report.chains.filter(({ isMatch }) => !isMatch)];
};

const mails = scenarios.flatMap(({ sid, mails: list }) => list.map((mail) => ({ sid, mail })));

const collapse = (hosts: readonly string[]): readonly string[] =>
  hosts.filter((host, index) => host !== hosts[index - 1]);

const isFlag = ({ code }: FindingJson): boolean => code === 'unexpected-route' || code === 'unexpected-host';

describe('an architecture that allows what was built', () => {
  let tracer: Tracer;
  const found = new Map<Mail, readonly ChainJson[]>();
  beforeAll(async () => {
    tracer = await open(BY_DESIGN);
    for (const { mail } of mails) found.set(mail, await chainsOf(tracer, mail));
  }, 300_000);
  afterAll(() => tracer.close());

  it('tells for every recipient the way that the ground truth has', () => {
    let compared = 0;
    const faults = mails.flatMap(({ sid, mail }) => {
      const [chain] = found.get(mail) ?? [];
      if (chain === undefined) return [];
      return mail.finals.flatMap(({ address, path = [] }) => {
        const way = collapse(path.map(([host]) => host));
        // Where the corpus knows no path: refused, discarded, deleted.
        if (way.length === 0) return [];
        compared++;
        // A machine that is known only as the client may come before the first that logged the message.
        const isTold = chain.paths.some(({ hosts }) =>
          [hosts, hosts.slice(1)].some((told) => told.join() === way.join()),
        );
        return isTold ? [] : [{ sid, address, way, told: chain.paths.map(({ hosts }) => hosts.join(' ')) }];
      });
    });
    expect(faults).toEqual([]);
    expect(compared).toBeGreaterThan(150);
  });

  it('flags nothing', () => {
    const flags = mails.flatMap(({ sid, mail }) =>
      (found.get(mail) ?? []).flatMap(({ paths, findings }) => [
        ...findings.filter(isFlag).map(({ text }) => `${sid} ${text}`),
        ...paths.filter(({ expected }) => expected === false).map(({ note }) => `${sid} ${note}`),
      ]),
    );
    expect(flags).toEqual([]);
  });

  it('tells directions by who handed the mail in and where it ends', () => {
    const wrong = mails.flatMap(({ sid, mail }) => {
      const [chain] = found.get(mail) ?? [];
      const isFromOutside = mail.entry_host.startsWith('mx');
      const allowed = isFromOutside ? ['inbound', 'forwarded'] : ['outbound', 'internal'];
      return (chain?.paths ?? [])
        .filter(({ direction, recipients }) => {
          if (direction === null) return true;
          const isOurs = recipients.every((address) => /@(?:[\w.-]+\.)?campus\.example$/.test(address));
          const isInside = direction === 'inbound' || direction === 'internal';
          // A command or a file bears no domain.
          const isAddress = recipients.every((address) => /^[^/|\s]+@/.test(address));
          return !allowed.includes(direction) || (isAddress && isOurs !== isInside);
        })
        .map((path) => ({ sid, ...path }));
    });
    expect(wrong).toEqual([]);
  });
});

describe('an architecture in which all mail passes the filter', () => {
  let tracer: Tracer;
  beforeAll(async () => {
    tracer = await open({
      ...BY_DESIGN,
      inbound: {
        routes: [
          ['mx', 'lists?', 'filter', 'lists?', 'mailbox'],
          ['mx', 'legacy'],
        ],
      },
      forwarded: { routes: [] },
      internal: { routes: [['submission', 'filter', 'lists?', 'mailbox']] },
    });
  }, 60_000);
  afterAll(() => tracer.close());

  it.each([
    [
      'S001',
      'missing-hop',
      'gw.campus.example',
      /^Internal mail went from smtp1\S* to mailbox2\S* without filter \(gw\S*\)/,
    ],
    ['S002', 'unexpected-host', 'ex1.campus.example', /^Inbound mail passed ex1\S*, which is on none of its routes/],
    [
      'S010',
      'missing-hop',
      'gw.campus.example',
      /from lists1\S* to mailbox2\S* without filter \(gw\S*\) in between; expected: mx → lists\? → filter/,
    ],
    ['S013', 'unexpected-route', 'gw.campus.example', /from mailbox2\S* to gw\S*, where nothing more was expected/],
    ['S021', 'unexpected-route', 'gw.campus.example', /from sm1\S* to gw\S*/],
  ])('%s: %s at %s', async (sid, code, host, text) => {
    const { mail } = mails.find((each) => each.sid === sid)!;
    const [chain] = await chainsOf(tracer, mail);
    const finding = chain?.findings.find((each) => each.code === code && text.test(each.text));
    expect(finding).toMatchObject({ host });
    expect(chain?.paths.some(({ expected }) => expected === false)).toBe(true);
  });

  it.each(['S003', 'S004', 'S020', 'S032', 'S060'])('%s is as expected', async (sid) => {
    const { mail } = mails.find((each) => each.sid === sid)!;
    const [chain] = await chainsOf(tracer, mail);
    expect(chain?.paths.map(({ expected }) => expected)).toEqual([true]);
    expect(chain?.findings.filter(isFlag)).toEqual([]);
  });

  it('does not check a direction without routes', async () => {
    const { mail } = mails.find((each) => each.sid === 'S007')!;
    const [chain] = await chainsOf(tracer, mail);
    expect(chain?.paths).toContainEqual(
      expect.objectContaining({
        direction: 'forwarded',
        expected: null,
        note: 'architecture.forwarded is not configured',
      }),
    );
  });
});
