/** Runs a store in a process of its own, to be killed at any moment. Node runs no TypeScript, so the few files are translated. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

const translate = async (from: string, to: string): Promise<void> => {
  const { outputText } = ts.transpileModule(await readFile(from, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, outputText);
};

/** Files and folders of src that the stores are made of. */
const PARTS = ['errors.ts', 'domain', 'state', 'index-store'];

const listFiles = async (part: string): Promise<string[]> =>
  part.endsWith('.ts')
    ? [part]
    : (await readdir(join(root, 'src', part), { recursive: true }))
        .filter((file) => /\.[jt]s$/.test(file))
        .map((file) => join(part, file));

export type WriterProgram = Readonly<{
  /** Starts it with `args`. It prints the number of each write that was acknowledged, one a line. */
  start: (args: readonly string[]) => Writer;
  remove: () => Promise<void>;
}>;

export type Writer = Readonly<{
  /** Resolves when it has acknowledged `count` writes. */
  acknowledged: (count: number) => Promise<void>;
  /** SIGKILL. @returns the last write that was acknowledged; -1 without */
  kill: () => Promise<number>;
}>;

const watch = (child: ChildProcess): Writer => {
  let output = '';
  let errors = '';
  let hasEnded = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close').then(() => {
    hasEnded = true;
  });
  const lines = (): string[] => output.split('\n').slice(0, -1);
  return {
    acknowledged: async (count) => {
      while (lines().length < count) {
        if (hasEnded) throw new Error(`The writer ended: ${errors}`);
        await Promise.race([once(child.stdout!, 'data'), ended]);
      }
    },
    kill: async () => {
      if (hasEnded) throw new Error(`The writer ended by itself: ${errors}`);
      child.kill('SIGKILL');
      await ended;
      return Number(lines().at(-1) ?? -1);
    },
  };
};

/** @param program text of an ES module beside the translated `src` */
export const buildWriter = async (program: string): Promise<WriterProgram> => {
  // Below the root, so that packages are found.
  await mkdir(join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.cache', 'writer-'));
  const files = (await Promise.all(PARTS.map(listFiles))).flat();
  await Promise.all(
    files.map((file) => translate(join(root, 'src', file), join(folder, 'src', file.replace(/\.ts$/, '.js')))),
  );
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'writer.js'), program);
  return {
    start: (args) =>
      watch(spawn(process.execPath, [join(folder, 'writer.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })),
    remove: () => rm(folder, { recursive: true }),
  };
};
