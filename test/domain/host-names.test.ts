import { describe, expect, it } from 'vitest';
import {
  type AddressSighting,
  buildHostDirectory,
  type HostDirectorySpec,
  isLoopback,
  learnAddresses,
} from '../../src/domain/host-names.ts';
import { hostName } from '../../src/domain/ids.ts';

const directory = (spec: Partial<HostDirectorySpec>) =>
  buildHostDirectory({ hosts: [], clusters: {}, domain: '', ...spec });

type NameRow = readonly [name: string, canonical: string, isConfigured: boolean];
const checkNames = (spec: Partial<HostDirectorySpec>, rows: readonly NameRow[]) => {
  it.each(rows)('%s → %s', (name, canonical, isConfigured) => {
    const built = directory(spec);
    expect([built.canonical(name), built.isConfigured(built.canonical(name))]).toEqual([canonical, isConfigured]);
  });
};

describe('full names are configured', () => {
  checkNames({ hosts: ['mx1.corp.example', 'mx2.corp.example', 'Store.Corp.Example.'] }, [
    ['mx1.corp.example', 'mx1.corp.example', true],
    ['MX1.Corp.Example', 'mx1.corp.example', true],
    ['mx1.corp.example.', 'mx1.corp.example', true],
    ['[mx1.corp.example]', 'mx1.corp.example', true],
    [' mx1 ', 'mx1.corp.example', true],
    ['store.corp.example', 'Store.Corp.Example', true],
    ['STORE', 'Store.Corp.Example', true],
    // A partner's machine of the same first label is another machine.
    ['mx1.partner.example', 'mx1.partner.example', false],
    ['mx1.dmz.corp.example', 'mx1.dmz.corp.example', false],
    ['mx11', 'mx11', false],
    ['mx3', 'mx3', false],
    ['unknown', 'unknown', false],
  ]);
});

describe('short names are configured, with a domain', () => {
  checkNames({ hosts: ['mx1', 'gw'], domain: 'corp.example' }, [
    ['mx1', 'mx1', true],
    ['mx1.corp.example', 'mx1', true],
    ['MX1.CORP.EXAMPLE.', 'mx1', true],
    ['mx1.partner.example', 'mx1.partner.example', false],
    // A short name that is not configured is completed, so that it has one name too.
    ['mx3', 'mx3.corp.example', false],
    ['mx3.corp.example', 'mx3.corp.example', false],
    ['unknown', 'unknown', false],
    ['none', 'none', false],
    ['192.0.2.7', '192.0.2.7', false],
  ]);
});

describe('short names are configured, without a domain', () => {
  checkNames({ hosts: ['mx1', 'gw'] }, [
    ['mx1.corp.example', 'mx1', true],
    ['gw.other.example', 'gw', true],
    ['mx3.corp.example', 'mx3.corp.example', false],
  ]);
  describe('the domains of the other machines count', () => {
    checkNames({ hosts: ['mx1', 'gw.corp.example'] }, [
      ['mx1.corp.example', 'mx1', true],
      ['mx1.partner.example', 'mx1.partner.example', false],
      ['gw', 'gw.corp.example', true],
    ]);
  });
  describe('a full name in a cluster settles it', () => {
    checkNames({ hosts: ['mx1'], clusters: { mx: ['mx1.a.example', 'gw.b.example'] } }, [
      ['mx1.a.example', 'mx1', true],
      ['mx1.b.example', 'mx1.b.example', false],
    ]);
  });
});

describe('two machines of one first label never merge', () => {
  checkNames({ hosts: ['mx1.a.example', 'mx1.b.example'] }, [
    ['mx1.a.example', 'mx1.a.example', true],
    ['mx1.b.example', 'mx1.b.example', true],
    ['mx1', 'mx1', false],
    ['mx1.c.example', 'mx1.c.example', false],
  ]);
  describe('the domain decides between them', () => {
    checkNames({ hosts: ['mx1.a.example', 'mx1.b.example'], domain: 'b.example' }, [['mx1', 'mx1.b.example', true]]);
  });
  describe('a short and a full entry of hosts', () => {
    checkNames({ hosts: ['mx1', 'mx1.a.example'] }, [
      ['mx1', 'mx1', true],
      ['mx1.a.example', 'mx1.a.example', true],
    ]);
  });
  describe('two full names in clusters, one short entry', () => {
    checkNames({ hosts: ['mx1'], clusters: { a: ['mx1.a.example'], b: ['mx1.b.example'] } }, [
      ['mx1', 'mx1', true],
      ['mx1.a.example', 'mx1.a.example', true],
      ['mx1.b.example', 'mx1.b.example', true],
    ]);
  });
});

describe('addresses', () => {
  checkNames({ hosts: ['192.0.2.5', '2001:db8::11'] }, [
    ['[192.0.2.5]', '192.0.2.5', true],
    ['[IPv6:2001:DB8:0:0:0:0:0:11]', '2001:db8::11', true],
    ['::ffff:192.0.2.5', '192.0.2.5', true],
    ['192.0.2.50', '192.0.2.50', false],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', false],
    ['0:0:0:0:0:0:0:0', '::', false],
    ['fe80:0:0:0:0:0:0:0', 'fe80::', false],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', false],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8', false],
    ['10:0:0:4:5:6:7:8', '10::4:5:6:7:8', false],
  ]);
});

describe('aliases', () => {
  const spec = {
    hosts: ['mx1.corp.example', 'mx2.corp.example'],
    aliases: [
      { host: 'mx1', ip: 'mail.corp.example' },
      { host: 'mx1.corp.example', ip: '10.0.0.1' },
      { host: 'mx1.corp.example', ip: 'shared.corp.example' },
      { host: 'mx2.corp.example', ip: 'shared.corp.example' },
      { host: 'mx2.corp.example', ip: 'mx1.corp.example' },
    ],
  };
  checkNames(spec, [
    ['Mail.corp.example', 'mx1.corp.example', true],
    ['10.0.0.1', 'mx1.corp.example', true],
    ['shared.corp.example', 'shared.corp.example', false],
    // A configured name is stronger than an alias.
    ['mx1.corp.example', 'mx1.corp.example', true],
  ]);
});

describe('learnAddresses', () => {
  const learned = (sightings: readonly AddressSighting[]) =>
    learnAddresses(directory({ hosts: ['mx1.corp.example', 'mx2.corp.example'] }), sightings);
  it.each<[string, readonly AddressSighting[], string, string]>([
    ['one machine', [{ host: 'mx1.corp.example', ip: '10.0.0.1' }], '10.0.0.1', 'mx1.corp.example'],
    ['any of its names', [{ host: 'MX1', ip: '[10.0.0.1]' }], '10.0.0.1', 'mx1.corp.example'],
    ['IPv6 in any spelling', [{ host: 'mx1', ip: 'IPv6:2001:DB8::0:1' }], '2001:db8::1', 'mx1.corp.example'],
    [
      'claimed twice by one machine',
      [
        { host: 'mx1', ip: '10.0.0.1' },
        { host: 'mx1.corp.example', ip: '10.0.0.1' },
      ],
      '10.0.0.1',
      'mx1.corp.example',
    ],
    [
      'claimed by two machines: neither',
      [
        { host: 'mx1', ip: '10.0.0.1' },
        { host: 'mx2', ip: '10.0.0.1' },
      ],
      '10.0.0.1',
      '10.0.0.1',
    ],
    ['loopback address', [{ host: 'mx1', ip: '127.0.0.1' }], '127.0.0.1', '127.0.0.1'],
    ['loopback name', [{ host: 'localhost', ip: '10.0.0.1' }], '10.0.0.1', '10.0.0.1'],
    ['a machine that is not configured', [{ host: 'mx.partner.example', ip: '10.0.0.1' }], '10.0.0.1', '10.0.0.1'],
    ['no address', [{ host: 'mx1', ip: '' }], '', ''],
  ])('%s', (_case, sightings, name, canonical) => {
    expect(learned(sightings).canonical(name)).toBe(canonical);
  });

  it('adds to what was learned before, and leaves the first directory as it was', () => {
    const first = learned([{ host: 'mx1', ip: '10.0.0.1' }]);
    const second = learnAddresses(first, [
      { host: '10.0.0.1', ip: '10.0.1.1' },
      { host: 'mx2', ip: '10.0.0.1' },
    ]);
    expect(['10.0.0.1', '10.0.1.1'].map(first.canonical)).toEqual(['mx1.corp.example', '10.0.1.1']);
    expect(['10.0.0.1', '10.0.1.1'].map(second.canonical)).toEqual(['10.0.0.1', 'mx1.corp.example']);
  });

  it('keeps at most 64 addresses of a machine', () => {
    const sightings = Array.from({ length: 300 }, (_, index) => ({
      host: 'mx1',
      ip: `10.0.${index >> 8}.${index & 255}`,
    }));
    const { canonical } = learned(sightings);
    const known = sightings.filter(({ ip }) => canonical(ip) === 'mx1.corp.example');
    expect(known).toHaveLength(64);
  });
});

describe('clusters and start hosts', () => {
  const fleet = directory({
    hosts: ['mx1.corp.example', 'gw'],
    clusters: {
      'mx-cluster': ['MX1', 'mx2.corp.example', 'mx2.corp.example', 'mx2'],
      Edge: ['gw.corp.example'],
      edge: ['mx1'],
      empty: ['localhost'],
    },
    domain: 'corp.example',
  });

  it('makes machines of the members that hosts does not name', () => {
    expect(fleet.hosts).toEqual(['mx1.corp.example', 'gw', 'mx2.corp.example']);
    expect(fleet.isConfigured(hostName('mx2.corp.example'))).toBe(true);
    expect(fleet.isConfigured(hostName('MX1'))).toBe(false);
  });

  it.each<[string, readonly string[] | null]>([
    ['mx-cluster', ['mx1.corp.example', 'mx2.corp.example']],
    ['MX-Cluster', ['mx1.corp.example', 'mx2.corp.example']],
    ['Edge', ['gw']],
    ['edge', ['mx1.corp.example']],
    ['EDGE', null],
    ['empty', []],
    ['mx2', ['mx2.corp.example']],
    ['gw.corp.example', ['gw']],
    ['localhost', null],
    ['127.0.0.1', null],
    ['mx9', null],
    ['', null],
    ['__proto__', null],
    ['constructor', null],
  ])('starts at %s → %j', (name, hosts) => {
    expect(fleet.resolveStart(name)).toEqual(hosts);
  });

  it('knows a cluster from a host', () => {
    expect(fleet.clusterHosts('gw')).toBeNull();
    expect(fleet.clusterHosts('edge')).toEqual(['mx1.corp.example']);
  });
});

describe('isLoopback', () => {
  it.each([
    'localhost',
    'LOCALHOST.',
    'localhost.localdomain',
    'localhost6.localdomain6',
    'ip6-localhost',
    'ip6-loopback',
    'mail.localhost',
    'local',
    '127.0.0.1',
    '[127.8.9.10]',
    '::1',
    '[IPv6:::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
  ])('%s is', (name) => expect(isLoopback(name)).toBe(true));
  it.each(['127.example', 'localhost.corp.example', 'mylocalhost', '128.0.0.1', '::2', 'local.corp.example', ''])(
    '%s is not',
    (name) => expect(isLoopback(name)).toBe(false),
  );
});
