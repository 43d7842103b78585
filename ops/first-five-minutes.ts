import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/adapters/files/steady-port.ts';

/**
 * Follows the README's first five minutes on a fresh clone: `npm ci`, the start command, every block
 * marked `first-five-minutes`, in one shell and in order. Port 8080 is replaced by a free one, so
 * that it runs beside a copy that is in use. Ends with 1 when a command fails or an answer is wrong.
 */
const say = (text: string) => process.stdout.write(`${text}\n`);

const root = resolve(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'llm-member-first-'));
const clone = join(folder, 'llm-member');

async function run(command: string, cwd: string): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', command], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`\`${command}\` ended with ${code}:\n${output}`);
  return output;
}

/** The fenced blocks of the README below a mark, with their language. */
async function blocks(port: number): Promise<readonly { language: string; text: string }[]> {
  const readme = await readFile(join(clone, 'README.md'), 'utf8');
  const marked = /<!-- first-five-minutes: (\w+) -->\n```\w+\n([\s\S]*?)```/g;
  return [...readme.matchAll(marked)].map(([, language = '', text = '']) => ({
    language,
    text: text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`),
  }));
}

function check(what: string, holds: boolean, output: string): void {
  if (!holds) throw new Error(`${what}: no. The commands printed:\n${output}`);
  say(`  ok  ${what}`);
}

async function start(port: number) {
  const readme = await readFile(join(clone, 'README.md'), 'utf8');
  const command = /^ADMIN_EMAIL=.* npm start$/m.exec(readme)?.[0];
  if (!command) throw new Error('The README does not say how to start.');
  const since = performance.now();
  const child = spawn('bash', ['-c', `exec env PORT=${port} ${command}`], {
    cwd: clone,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const exited = once(child, 'exit');
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (ready?.ok) break;
    if (child.exitCode !== null) throw new Error('`npm start` ended.');
    if (performance.now() - since > 60_000) throw new Error('It was not ready within 60 s.');
    await sleep(100);
  }
  say(`ready ${((performance.now() - since) / 1000).toFixed(1)} s after npm start`);
  return async () => {
    // The group, because npm does not wait for what it started.
    if (child.pid) process.kill(-child.pid, 'SIGTERM');
    await exited;
    while (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)) await sleep(100);
  };
}

try {
  await run(`git clone --quiet '${root}' '${clone}'`, folder);
  say('npm ci …');
  await run('npm ci --no-audit --no-fund 2>&1', clone);
  const port = await freePort();
  const stop = await start(port);
  try {
    const steps = await blocks(port);
    const shell = steps.filter(({ language }) => language === 'sh').map(({ text }) => text);
    const script = steps.find(({ language }) => language === 'mjs');
    if (shell.length < 3 || !script) throw new Error('The README’s blocks are not marked.');
    await writeFile(join(clone, 'hello.mjs'), script.text);
    const output = await run([...shell, 'node hello.mjs'].join('\necho\n'), clone);
    say(output.replaceAll(/^/gm, '  | '));
    check('an answer at once', /"object":"chat\.completion"/.test(output), output);
    check('a stream that ends whole', /data: \[DONE\]/.test(output), output);
    check('both calls are listed and settled', /"status":"settled"/.test(output), output);
    check('the wallet has less than its 10', /"posted":"9\.9\d+"/.test(output), output);
    check('the openai client answers', /completion_tokens/.test(output), output);
  } finally {
    await stop();
  }
} finally {
  // The engines end a little after the last request is refused, and write until then.
  await sleep(2_000);
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
say('The first five minutes work as the README says.');
