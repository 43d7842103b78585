import { spawnSync } from 'node:child_process';
import test from 'ava';

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['ops/rebuild.ts', ...args], {
    env: { PATH: '/usr/bin:/bin', DATA_DIR: '/nowhere' },
    encoding: 'utf8',
  });

test('a rebuild that nobody can mean is refused before anything is looked for', (t) => {
  const unclear = [
    ['balance', 'lots'],
    ['balance', '--drop', '--rollback'],
    ['balance', '--accept', 'fine', '--repair', 'a row was changed'],
    ['balance', '--repair', ' '],
  ];
  for (const args of unclear) {
    const { status, stderr } = run(...args);
    t.is(status, 1, args.join(' '));
    t.regex(stderr, /npm run rebuild -- <read model>/, args.join(' '));
  }
  t.regex(run('balance').stderr, /There is no installation in/);
});
