import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test from 'ava';
import { pino } from 'pino';
import { slowStep } from '../src/adapters/slow-step.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** Runs Node on a script and waits for its end. */
const run = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [...args], { cwd, env }, (_, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });

const main = resolve('src/main.ts');

test('an older Node is told what to do', async (t) => {
  const older = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
  const preload = `data:text/javascript,${encodeURIComponent(older)}`;
  const { code, said } = await run(['--import', preload, 'ops/check-node.mjs'], resolve('.'), {});
  t.is(code, 1);
  t.regex(said, /Node 24/);
  t.regex(said, /npm/);
  t.notRegex(said, /at file:/);
});

test('.env is read at start, and what is set already wins', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, '.env'), 'PORT=from-the-file\nLOG_LEVEL=from-the-file\n');
  const { code, said } = await run([main], folder, { LOG_LEVEL: 'info' });
  t.is(code, 1);
  t.regex(said, /PORT/);
  t.notRegex(said, /LOG_LEVEL/);
});

test('a step that takes long says what it does while it does it', async (t) => {
  const told = Promise.withResolvers<string>();
  const log = pino({}, { write: told.resolve });
  // The work lasts until it has been announced.
  const line = await slowStep(log, 'counting sheep', () => told.promise);
  t.regex(line, /counting sheep/);
});

test('a quick step says nothing', async (t) => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  t.is(await slowStep(log, 'counting sheep', () => Promise.resolve(3)), 3);
  t.deepEqual(lines, []);
});
