import { spawnSync } from 'node:child_process';
import test from 'ava';

const run = (program: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [`ops/${program}.ts`, ...args], {
    env: { PATH: '/usr/bin:/bin', DATA_DIR: '/nowhere' },
    encoding: 'utf8',
  });

test('what can be no file or folder to back up to, or to restore from, is refused', (t) => {
  for (const program of ['backup', 'restore']) {
    for (const args of [['--help'], ['/mnt/my', 'disk']]) {
      const { status, stderr } = run(program, ...args);
      t.is(status, 1);
      t.is(stderr, `Usage: npm run ${program} -- <file-or-folder>\n`);
    }
  }
});
