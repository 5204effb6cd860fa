// Who may import whom. test/layers.test.ts runs these rules and proves them on planted violations.

/** Imported from everywhere; these import nothing of ours. */
const COMMON = ['src/errors.ts', 'src/zone.ts'];
const PORTS = 'src/app/ports.ts';
const PURE = ['domain', 'query', 'parsers', 'trace', 'render'];

/**
 * A layer is a folder of src, or a file named with its ending. Each may import itself, COMMON and what stands here.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const MAY_IMPORT = {
  domain: [],
  query: ['src/domain/'],
  parsers: ['src/domain/'],
  trace: ['src/domain/'],
  render: ['src/domain/'],
  app: ['src/domain/', 'src/query/', 'src/parsers/', 'src/trace/', 'src/render/'],
  sources: ['src/domain/', PORTS, 'src/parsers/syslog-header.ts', 'src/opensearch-client/'],
  'index-store': ['src/domain/', PORTS, 'src/opensearch-client/'],
  state: ['src/domain/', PORTS],
  telemetry: ['src/domain/', PORTS],
  imaging: ['src/domain/', PORTS],
  'log.ts': ['src/domain/', PORTS],
  'audit-log.ts': ['src/domain/', PORTS],
  'opensearch-client': [PORTS],
  http: [PORTS],
  config: ['src/sources/', 'src/index-store/', 'src/state/', 'src/telemetry/'],
  slack: ['src/domain/', 'src/query/', 'src/render/', 'src/app/'],
  cli: ['src/domain/', 'src/query/', 'src/render/', 'src/app/'],
  mcp: ['src/domain/', 'src/query/', 'src/render/', 'src/app/'],
};

/** These put the others together and may import everything. */
const WIRING = ['wire', 'wire.ts', 'bin', 'index.ts'];
/** These import nothing of ours at all, not even COMMON. The playground plays Slack and must not share our mistakes. */
const ALONE = ['playground', 'errors.ts', 'zone.ts'];

const LAYERS = [...Object.keys(MAY_IMPORT), ...WIRING, ...ALONE];

/** @param {string} layer a folder or a file of src */
const pathOf = (layer) => (layer.endsWith('.ts') ? `src/${layer}` : `src/${layer}/`);
/** @param {string} path the whole of a file's path, or the start of a folder's */
const pattern = (path) => `^${path.replaceAll('.', '\\.')}${path.endsWith('/') ? '' : '$'}`;
/** @param {readonly string[]} paths */
const anyOf = (paths) => paths.map(pattern);

/** @param {string} layer @param {readonly string[]} allowed paths besides its own */
const layerRule = (layer, allowed) => ({
  name: `${layer} imports only its own layers`,
  severity: 'error',
  from: { path: pattern(pathOf(layer)) },
  to: { path: '^src/', pathNot: anyOf([pathOf(layer), ...allowed]) },
});

const OUTSIDE = { path: '^src/', pathNot: anyOf(LAYERS.map(pathOf)) };
const isPackage = { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] };
/** @param {string} name */
const packagePattern = (name) => `(^|/)node_modules/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([layer, allowed]) => layerRule(layer, [...COMMON, ...allowed])),
    ...ALONE.map((layer) => layerRule(layer, [])),
    // Three rules, because a rule is asked about imports: of such a file, to it, and where there are none.
    { name: 'every file belongs to a layer', severity: 'error', from: OUTSIDE, to: {} },
    { name: 'every imported file belongs to a layer', severity: 'error', from: {}, to: OUTSIDE },
    { name: 'every lone file belongs to a layer', severity: 'error', from: { ...OUTSIDE, orphan: true }, to: {} },
    {
      name: 'pure folders import no node module',
      severity: 'error',
      from: { path: anyOf(PURE.map(pathOf)), pathNot: pattern('src/domain/ids.ts') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain/ids.ts imports node:crypto and no other node module',
      severity: 'error',
      from: { path: pattern('src/domain/ids.ts') },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'pure folders and app import no package but zod',
      severity: 'error',
      from: { path: anyOf([...PURE, 'app'].map(pathOf)), pathNot: pattern('src/query/') },
      to: { ...isPackage, pathNot: packagePattern('zod') },
    },
    {
      name: 'query imports no package but zod and chrono-node',
      severity: 'error',
      from: { path: pattern('src/query/') },
      to: { ...isPackage, pathNot: [packagePattern('zod'), packagePattern('chrono-node')] },
    },
    {
      name: 'no import goes unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'nothing ships a development dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '(^|/)node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
