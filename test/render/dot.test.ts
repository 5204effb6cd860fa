import { instance } from '@viz-js/viz';
import { describe, expect, it } from 'vitest';
import type { Chain, TraceReport } from '../../src/domain/chain.ts';
import type { DeliveryStatus } from '../../src/domain/event.ts';
import { hostName, queueId } from '../../src/domain/ids.ts';
import { renderChainDot, renderDot } from '../../src/render/dot.ts';
import {
  CLUSTERS,
  fiftyRecipients,
  fourRelays,
  GALLERY,
  listWithBounce,
  longLoop,
  manyServersOutside,
  sixHops,
} from '../imaging/gallery.ts';
import {
  attempt,
  bouncedChains,
  chain,
  client,
  deferredThenSentChain,
  deliveredChain,
  externalGapChain,
  handedTo,
  hop,
  intoMailbox,
  listChain,
  recipient,
  rejectedReport,
  relay,
  report,
  transaction,
} from '../support/chains.ts';

/** Graphviz itself reads the DOT. */
const viz = await instance();

type Attributes = Readonly<Record<string, string>>;
type Node = Attributes & Readonly<{ name: string }>;
type Line = Readonly<{ from: string; to: string; label: string; style?: string; color?: string; arrowhead?: string }>;
type Graph = Readonly<{ label: string; nodes: readonly Node[]; lines: readonly Line[]; clusters: readonly Node[] }>;

type DotJson = Readonly<{
  label: string;
  objects?: readonly (Node & Readonly<{ nodes?: readonly number[] }>)[];
  edges?: readonly (Partial<Line> & Readonly<{ tail: number; head: number }>)[];
}>;

const read = (dot: string): Graph => {
  const result = viz.render(dot, { format: 'dot_json' });
  if (result.status === 'failure') throw new Error(`${result.errors.map(({ message }) => message).join()}\n${dot}`);
  const { label, objects = [], edges = [] } = JSON.parse(result.output) as DotJson;
  return {
    label,
    nodes: objects.filter(({ name }) => !/^cluster_\d+$/.test(name)),
    clusters: objects.filter(({ name }) => /^cluster_\d+$/.test(name)),
    lines: edges.map((edge) => ({
      label: '',
      ...edge,
      from: objects[edge.tail]!.name,
      to: objects[edge.head]!.name,
    })),
  };
};

/** What a reader sees of an HTML-like label, one row a line. */
const plain = (html: string): string =>
  html
    .replaceAll(/<BR\/>|<\/TR>/g, '\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

const contract = (chainOrReport: Chain | TraceReport): Graph =>
  read(
    renderDot('chains' in chainOrReport ? chainOrReport : report({ chains: [chainOrReport] }), { clusters: CLUSTERS }),
  );
const picture = (value: TraceReport): Graph => read(renderDot(value, { clusters: CLUSTERS, isPicture: true }));
const card = ({ nodes }: Graph, name: string): string =>
  plain(nodes.find((node) => node.name === name)?.['label'] ?? '');
const names = ({ nodes }: Graph): readonly string[] => nodes.map(({ name }) => name).sort();

/** Compared with the report itself: every hop is one line whose label begins with the queue ID on the sending host. */
const expectHops = ({ lines }: Graph, chains: readonly Chain[]): void => {
  const hops = chains.flatMap((each) => each.hops);
  const text = (from: string, to: string, id: string) => `${from} > ${to}: ${id}`;
  // The queue ID is all up to the first blank.
  const drawn = lines
    .filter(({ arrowhead }) => arrowhead === undefined)
    .map(({ from, to, label }) => text(from, to, label.split(' ')[0]!));
  expect(drawn.sort()).toEqual(hops.map(({ from, to }) => text(from.host, to.host, from.queueId ?? '')).sort());
};

describe('renderDot', () => {
  it.each(Object.keys(GALLERY))('draws each machine once and each hop once: %s', (name) => {
    const value = GALLERY[name]!();
    const chains = value.chains.filter(({ isMatch }) => isMatch);
    const graph = contract(value);
    const hosts = chains.flatMap(({ transactions, hops }) => [
      ...transactions.map(({ host }) => host),
      ...hops.flatMap(({ from, to }) => [from.host, to.host]),
    ]);
    const onlyTried = graph.lines.filter(({ arrowhead }) => arrowhead !== undefined).map(({ to }) => to);
    expect(names(graph)).toEqual([...new Set([...hosts, ...onlyTried])].sort());
    expectHops(graph, chains);
  });

  it.each(Object.keys(GALLERY))('is a valid picture: %s', (name) => {
    expect(() => picture(GALLERY[name]!())).not.toThrow();
  });

  it('draws a content filter as a line from the machine to itself', () => {
    const { lines } = contract(deliveredChain());
    expect(lines[0]).toMatchObject({ from: 'mx1.campus.example', to: 'mx1.campus.example' });
    expect(lines[0]?.label).toBe('4jWkFk143lznk7d · 1.9 s\\l✓ sent 2.0.0\\l↻ content filter\\l');
  });

  it('says on a line how often it was tried', () => {
    expect(contract(deferredThenSentChain()).lines[0]?.label).toBe(
      '7C0A254689B · 10 min 54 s\\l✓ sent 2.0.0\\l3 attempts\\l',
    );
  });

  it('says above the picture what became of it, who wrote to whom, and when', () => {
    const text = plain(contract(bouncedChains()[0]).label);
    expect(text).toContain('✗ bounced\n');
    expect(text).toContain('erin@campus.example → dave@partner.example\n');
    expect(text).toContain('2026-11-20 10:00:30 to 10:00:32 Europe/Berlin');
  });

  it('counts the recipients that the asker may not see', () => {
    const { label } = contract({ ...deliveredChain(), hiddenRecipients: 4 });
    expect(plain(label).replaceAll('\n', ' ')).toContain('→ bob@campus.example, 4 not shown');
  });

  it('shows the null sender as <>', () => {
    const [, notice] = bouncedChains();
    const dot = renderChainDot(notice, { timeZone: 'UTC' });
    expect(plain(read(dot).label)).toContain('<> → erin@campus.example');
  });

  it('leaves out chains that are only related', () => {
    const graph = contract(report({ chains: [...bouncedChains()] }));
    expect(names(graph)).toEqual(['mx.partner.example', 'mx1.campus.example']);
    expect(renderDot(report({ chains: [...bouncedChains()] }))).not.toContain('B1C2D5468F0');
  });

  it('draws several messages in one graph and says which line is whose', () => {
    const graph = contract(report({ chains: [deliveredChain(), deferredThenSentChain()] }));
    expect(plain(graph.label)).toContain('2 messages\n');
    expect(graph.lines.find(({ to }) => to === 'mailbox2.campus.example')?.label).toMatch(
      /^7C0A254689B · .*message 2\\l/,
    );
  });

  it('is empty and says why when all was refused, or nothing found', () => {
    const rejected = contract(rejectedReport());
    expect([rejected.nodes, rejected.lines]).toEqual([[], []]);
    expect(plain(rejected.label)).toMatch(
      /⊘ rejected\n[\s\S]*550 5\.1\.1 <nobody@campus\.example>: Recipient[\s\S]*mx1\.campus\.example at RCPT/,
    );
    expect(plain(contract(report()).label)).toContain('No message found');
  });

  it('says that the answer is incomplete, and whose log is missing', () => {
    const sources = [{ ...report().sources[0]!, status: 'unreachable' as const, host: hostName('mx2.campus.example') }];
    const { label } = contract(report({ chains: [deliveredChain()], complete: false, sources }));
    expect(plain(label)).toContain('⚠ Incomplete: could not read mx2.campus.example');
  });

  it('keeps its text from one time to the next', async () => {
    const dot = renderDot(listWithBounce(), { clusters: CLUSTERS });
    expect(dot).toBe(renderDot(listWithBounce(), { clusters: CLUSTERS }));
    await expect(dot).toMatchFileSnapshot('./golden/list-with-bounce.dot');
  });
});

describe('machines', () => {
  it('groups them by cluster, in the smallest that holds them', () => {
    const clusters = {
      fleet: ['mx1.campus.example', 'mailbox1.campus.example'],
      mx: ['mx1.campus.example'],
      none: ['x'],
    };
    const { clusters: drawn } = read(renderDot(report({ chains: [deliveredChain()] }), { clusters }));
    expect(drawn.map(({ label }) => plain(label!))).toEqual(['mx', 'fleet']);
  });

  it('says where the message came from and who had logged in', () => {
    const text = card(contract(bouncedChains()[0]), 'mx1.campus.example');
    expect(text).toContain('from desk7.campus.example [10.20.7.7]\nlogged in as erin\n');
  });

  it('tells the outcome of each recipient where it came about', () => {
    const graph = contract(listChain());
    expect(card(graph, 'mailbox1.campus.example')).toContain('✓ bob@campus.example\nsent 2.0.0 · local · 7C22354690C');
    expect(card(graph, 'lists1.campus.example')).toMatch(/◷ frank@partner\.example\n.*\ndeferred 4\.4\.1 · 3 attempts/);
    expect(card(graph, 'lists1.campus.example')).not.toContain('bob@');
  });

  it('names five of fifty recipients, the failed ones first', () => {
    const text = card(contract(fiftyRecipients()), 'mailbox2.campus.example');
    expect(text).toContain('50 recipients: 2 bounced, 48 sent\n✗ m11@store.campus.example\n');
    expect(text.match(/@store/g)).toHaveLength(5);
    expect(text).toContain('… and 45 more');
  });

  it.each<readonly [DeliveryStatus, string, string]>([
    ['sent', '✓', 'box'],
    ['deferred', '◷', 'cylinder'],
    ['in-progress', '▶', 'cylinder'],
    ['held', '‖', 'cylinder'],
    ['bounced', '✗', 'box'],
    ['expired', '✗', 'box'],
    ['rejected', '⊘', 'box'],
    ['discarded', '∅', 'note'],
    ['deleted', '⌫', 'note'],
    ['unknown', '?', 'box'],
  ])('tells %s by sign and shape, not by colour alone', (status, glyph, shape) => {
    const to = 'bob@campus.example';
    const value = chain({
      verdict: 'unknown',
      summary: 'One recipient.',
      transactions: [transaction({ host: 'mx1', queueId: 'ABC123', recipients: [recipient(to, [], { status })] })],
    });
    const graph = contract(value);
    expect(card(graph, 'mx1')).toContain(`${glyph} ${to}\n${status}`);
    expect(graph.nodes[0]).toMatchObject({ shape });
    expect(graph.nodes[0]?.['style']?.includes('diagonals')).toBe(['bounced', 'expired', 'rejected'].includes(status));
  });

  it('shows the state of a message of which no recipient is known', () => {
    const held = transaction({ host: 'mx1', queueId: 'ABC123', state: 'held', removed: false });
    const graph = contract(chain({ verdict: 'held', summary: 'Held.', transactions: [held] }));
    expect(card(graph, 'mx1')).toContain('‖ the whole message\nheld · ABC123');
  });

  it('takes a requeued message for handed on, not for held', () => {
    const to = recipient('bob@campus.example', [], { status: 'held' });
    const value = chain({
      verdict: 'delivered',
      summary: 'Requeued.',
      transactions: [
        transaction({ host: 'mx1', queueId: 'OLD1', state: 'requeued', recipients: [to] }),
        transaction({ host: 'mx1', queueId: 'NEW2', recipients: [recipient('bob@campus.example', [intoMailbox()])] }),
      ],
      hops: [hop(['mx1', 'OLD1'], ['mx1', 'NEW2'], { evidence: 'requeue' })],
    });
    const graph = contract(value);
    expect(card(graph, 'mx1')).not.toContain('‖');
    expect(graph.lines.map(({ label }) => label)).toEqual(['OLD1 \\l↻ requeued\\l']);
  });
});

describe('lines that did not arrive', () => {
  it('draws the last failed attempt dashed and red to the relay it tried', () => {
    const { lines } = contract(bouncedChains()[0]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ to: 'mx.partner.example', style: 'dashed', color: '#B3001B', arrowhead: 'tee' });
    expect(lines[0]?.label).toBe('A1C2D5468EF · 2.1 s\\l✗ bounced 5.1.1\\l');
  });

  it('finds the relay in the text where Postfix logs relay=none', () => {
    const line = contract(listChain()).lines.find(({ to }) => to === 'mx.partner.example');
    expect(line).toMatchObject({ from: 'lists1.campus.example', style: 'dashed', arrowhead: 'odot' });
    expect(line?.label).toMatch(/^6B11254690B · 15 min 33 s\\l◷ deferred 4\.4\.1\\l3 attempts\\l/);
  });

  it('draws a gap dashed and gives its reason', () => {
    const graph = contract(externalGapChain());
    expect(graph.lines[0]).toMatchObject({ to: 'mx.elsewhere.example', style: 'dashed' });
    expect(graph.nodes[1]).toMatchObject({ name: 'mx.elsewhere.example', style: 'rounded,filled,dashed' });
    expect(card(graph, 'mx.elsewhere.example')).toContain('no log: external\n✓ grace@elsewhere.example\nsent 2.0.0');
  });

  it('claims no delivery where a machine of ours has no log', () => {
    const base = externalGapChain();
    const graph = contract({ ...base, hops: base.hops.map((each) => ({ ...each, gap: 'unreachable' as const })) });
    expect(card(graph, 'mx.elsewhere.example')).toContain(
      'no log: unreachable\n? grace@elsewhere.example\nhanded over, then unknown',
    );
  });

  it('goes on beyond a machine without a log where the next one names it', () => {
    const to = recipient('bob@campus.example', [handedTo('sm1', '10.20.0.50', 'S1')]);
    const value = chain({
      verdict: 'delivered',
      summary: 'Over sm1.',
      transactions: [
        transaction({ host: 'mx1', queueId: 'M1', recipients: [to] }),
        transaction({ host: 'box', queueId: 'B1', recipients: [recipient('bob@campus.example', [intoMailbox()])] }),
      ],
      hops: [
        hop(['sm1', 'S1'], ['box', 'B1'], { gap: 'unread', evidence: 'message-id' }),
        hop(['mx1', 'M1'], ['sm1', 'S1'], { gap: 'unread', recipients: ['bob@campus.example'] }),
      ],
    });
    const graph = contract(value);
    expect(card(graph, 'sm1')).toBe('sm1\nno log: not read\n');
    expect(graph.lines.map(({ label, style }) => [label.split(' ')[0], style])).toEqual([
      ['S1', 'dashed'],
      ['M1', 'dashed'],
    ]);
  });

  const bouncedAt = (tried: Parameters<typeof relay>): Chain =>
    chain({
      verdict: 'partly-delivered',
      summary: 'One of two.',
      transactions: [
        transaction({
          host: 'mx1.campus.example',
          queueId: 'A1',
          recipients: [
            recipient('ok@campus.example', [handedTo('box', '10.20.0.40', 'B2')]),
            recipient('no@campus.example', [
              attempt({ status: 'bounced', dsn: '5.1.1', relay: relay(...tried), response: 'no' }),
            ]),
          ],
        }),
        transaction({ host: 'mailbox1.campus.example', queueId: 'B2', client: client('mx1', '10.20.0.10') }),
      ],
      hops: [
        hop(['mx1.campus.example', 'A1'], ['mailbox1.campus.example', 'B2'], { recipients: ['ok@campus.example'] }),
      ],
    });

  it.each<readonly [string, Parameters<typeof relay>, string]>([
    ['its short name', ['mailbox1', '10.20.0.99'], 'mailbox1.campus.example'],
    ['a trailing dot and capitals', ['MAILBOX1.campus.example.', '10.20.0.99'], 'mailbox1.campus.example'],
    ['the address it accepted mail at', [null, '10.20.0.40'], 'mailbox1.campus.example'],
    ['loopback', ['127.0.0.1', '127.0.0.1', 10024], 'mx1.campus.example'],
    ['a configured name', ['mx2', '10.20.0.11'], 'mx2.campus.example'],
    ['another port of a known address', [null, '10.20.0.40', 2525], '10.20.0.40'],
    ['a name of its own', ['mailbox10', '10.20.0.99'], 'mailbox10'],
  ])('knows a machine again by %s', (_, tried, expected) => {
    expect(contract(bouncedAt(tried)).lines.find(({ arrowhead }) => arrowhead === 'tee')?.to).toBe(expected);
  });

  it('draws no line to a socket of the same host', () => {
    expect(contract(bouncedAt(['private/dovecot-lmtp', null, null])).lines).toHaveLength(1);
    expect(contract(bouncedAt(['mx1.campus.example', 'private/dovecot-lmtp', null])).lines).toHaveLength(1);
  });
});

describe('bounds', () => {
  const spread = (count: number): TraceReport => {
    const ids = Array.from({ length: count }, (_, index) => `Q${index}`);
    const hostOf = (index: number): string => `host${index}.campus.example`;
    return report({
      chains: [
        chain({
          verdict: 'delivered',
          summary: 'Everywhere.',
          transactions: ids.map((id, index) => transaction({ host: hostOf(index), queueId: id })),
          hops: ids.slice(1).map((id, index) => hop([hostOf(index), ids[index]!], [hostOf(index + 1), id])),
        }),
      ],
    });
  };

  it('draws 60 machines and counts the others', () => {
    const graph = contract(spread(70));
    expect([graph.nodes.length, graph.lines.length]).toEqual([60, 59]);
    expect(plain(graph.label)).toContain('Not drawn: 10 more machines and 10 more hops.');
  });

  it('draws 200 lines and counts the others', () => {
    const ids = Array.from({ length: 251 }, (_, index) => `Q${index}`);
    const graph = contract(
      chain({
        verdict: 'loop',
        summary: 'Round and round.',
        transactions: ids.map((id) => transaction({ host: 'mx1', queueId: id })),
        hops: ids.slice(1).map((id, index) => hop(['mx1', ids[index]!], ['mx1', id])),
      }),
    );
    expect(graph.lines).toHaveLength(200);
    expect(plain(graph.label)).toContain('Not drawn: 50 more hops.');
  });

  it('draws 24 machines in a picture, the failing one among them', () => {
    const base = spread(40);
    const [only] = base.chains;
    const last = only!.transactions.at(-1)!;
    const failed = { ...last, recipients: [recipient('bob@campus.example', [], { status: 'bounced' as const })] };
    const chains = [{ ...only!, transactions: [...only!.transactions.slice(0, -1), failed] }];
    const graph = picture({ ...base, chains });
    expect(graph.nodes).toHaveLength(24);
    expect(names(graph)).toContain('host39.campus.example');
    expect(plain(graph.label)).toContain('Not drawn: 16 more machines');
  });
});

describe('pictures', () => {
  it('tells the turns of a loop on one line each way, and the plain graph draws them all', () => {
    const lines = picture(longLoop()).lines;
    expect(lines).toHaveLength(3);
    expect(plain(lines[0]!.label)).toMatch(
      /^L000000001A · 0\.2 s\n✓ sent 2\.0\.0\nL000000003A · 0\.5 s\n✓ sent 2\.0\.0\n\+ 9 more hops\n$/,
    );
    expect(contract(longLoop()).lines).toHaveLength(22);
  });

  it('puts both turns through a content filter on one line', () => {
    const loops = picture(sixHops()).lines.filter(({ from, to }) => from === to);
    expect(loops.map(({ label }) => plain(label))).toEqual([
      '2D6F4546A3F · 0.3 s\n✓ sent 2.0.0\nkQ3rT7vX9bZc · 0.5 s\n✓ sent 2.0.0\n↻ content filter\n',
    ]);
  });

  it('puts a failed attempt at the machine itself on the line of its content filter', () => {
    const base = deliveredChain();
    const [first, second, ...others] = base.transactions;
    const refused = attempt({
      status: 'bounced',
      dsn: '5.4.0',
      relay: relay('127.0.0.1', '127.0.0.1', 10024),
      response: 'no',
    });
    const bounced = { ...second!, recipients: [recipient('bob@campus.example', [refused])] };
    const hops = base.hops.slice(0, 1);
    const loops = picture(report({ chains: [{ ...base, transactions: [first!, bounced, ...others], hops }] })).lines;
    expect(loops.map(({ label }) => plain(label))).toEqual([
      '4jWkFk143lznk7d · 1.9 s\n✓ sent 2.0.0\n↻ content filter\n4jWkFm2Qr1znk7f · 0.3 s\n✗ bounced 5.4.0\n',
    ]);
  });

  it('sets the ends of a fan one below the other, each with the text of its line', () => {
    const graph = picture(fourRelays());
    const invisible = graph.lines.filter(({ style }) => style === 'invis');
    expect(invisible).toHaveLength(3);
    for (const { name } of graph.nodes.filter(({ name: host }) => !/^(mx1|lists1)\./.test(host))) {
      expect(card(graph, name)).toMatch(/^\n?6B11254690B · 0\.3 s\n✓ sent 2\.0\.0\n/);
    }
  });

  it('tells most of many servers outside in words, and never the one that refused', () => {
    const graph = picture(manyServersOutside());
    expect(names(graph)).toEqual([
      'lists1.campus.example',
      ...['00', '01', '02', '03', '07'].map((number) => `mx.domain${number}.example`),
      'mx1.campus.example',
    ]);
    expect(card(graph, 'lists1.campus.example')).toContain('→ 15 more servers outside: 15 sent');
  });
});

describe('hostile text', () => {
  const hostile: Readonly<Record<string, string>> = {
    'a quote and a bracket': '"];evil[label="x',
    'a backslash before a quote': '\\"];evil[label="x',
    'a backslash at the end': 'ends with \\',
    'Graphviz escapes': '\\N \\G \\E \\l \\T',
    HTML: '</TABLE>><script>alert(1)</script>',
    entities: '&lt;b&gt; &#60; &amp;',
    'line breaks': 'line\nbreak\r\n\u2028and\ttab',
    'control characters': '\u0000\u0007\u001b[31m\u009b',
    'bidi marks': '\u202egnp.exe\u200b',
    'half a surrogate pair': 'half a pair \ud83d',
    'ten thousand words': `${'long '.repeat(2_000)}x`,
    'ten thousand letters': 'x'.repeat(10_000),
    'ten thousand ideographs': '日本'.repeat(5_000),
    'a keyword of DOT': 'node',
    'a port': 'a:b:c',
    'nothing but brackets': '<>',
  };

  const messageWith = (text: string): Chain =>
    chain({
      verdict: 'bounced',
      summary: text,
      transactions: [
        transaction({
          host: text,
          queueId: text,
          sender: text,
          client: client(text, text, text),
          recipients: [
            recipient(
              text,
              [
                attempt({
                  status: 'bounced',
                  dsn: '5.1.1',
                  relay: relay(`relay ${text.replaceAll('/', '|')}`, null),
                  response: text,
                }),
              ],
              {
                originalAddress: `orig ${text}`,
              },
            ),
          ],
        }),
      ],
      hops: [
        {
          ...hop(['a', 'b'], ['c', 'd'], { recipients: [`other ${text}`] }),
          from: { host: hostName(text), queueId: queueId(text) },
        },
      ],
    });

  it.each(Object.keys(hostile))('cannot leave its label: %s', (kind) => {
    const text = hostile[kind]!;
    for (const isPicture of [false, true]) {
      const dot = renderDot(report({ chains: [messageWith(text)] }), { clusters: { [text]: [text] }, isPicture });
      const graph = read(dot);
      // The machine, the relay it tried, and the far side of the hop.
      expect(graph.nodes).toHaveLength(3);
      expect(graph.lines).toHaveLength(2);
      expect(graph.clusters).toHaveLength(1);
      expect(dot.length).toBeLessThan(12_000);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that must not be there.
      expect(dot).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u200b\u202e]/);
      const svg = viz.renderString(dot, { format: 'svg' });
      expect(svg).not.toMatch(/<script|onload=|javascript:/i);
    }
  });

  it('shows a backslash, an escape and an entity as they were logged', () => {
    const text = 'a\\Nb&lt;c"d';
    const dot = renderDot(report({ chains: [messageWith(text)] }));
    const svg = viz.renderString(dot, { format: 'svg' });
    // The SVG is XML again: the entity of the log appears as text.
    expect(svg).toContain('a\\Nb&amp;lt;c&quot;d');
    expect(svg).not.toContain('a\\Nb&lt;c');
  });

  it('keeps two machines apart whose cleaned names are alike', () => {
    const value = chain({
      verdict: 'delivered',
      summary: 'Two.',
      transactions: ['mx\u0001', 'mx\u0002'].map((host, index) => transaction({ host, queueId: `Q${index}` })),
    });
    expect(contract(value).nodes).toHaveLength(2);
  });
});
