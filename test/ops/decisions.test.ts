import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';

test('the index of decisions names each by its title', (t) => {
  const index = readFileSync('ops/decisions/README.md', 'utf8');
  for (const file of readdirSync('ops/decisions').filter((name) => /^\d/.test(name))) {
    const [heading = ''] = readFileSync(`ops/decisions/${file}`, 'utf8').split('\n');
    const [, number = '', title = ''] = /^# (\d+)\. (.+)$/.exec(heading) ?? [];
    t.is(Number(file.slice(0, 4)), Number(number), file);
    t.true(index.includes(`${number}. [${title}](${file})`), file);
  }
});
