import test from 'ava';
import { breaks } from './breaks.ts';
import { explore, firstToNotice, retrace } from './explore.ts';

// `npm run test:simulator` goes on from here.
const few = 200;
/** So few seeds may not come to it; `npm run test:simulator` must. */
const rare: readonly string[] = ['late', 'uncharged'];
const most = 10_000;

test.serial('processes that share wallets keep every rule, whatever goes wrong', async (t) => {
  const { runs, failures, counts } = await explore({ from: 0, to: few, threads: 2 });
  const said = failures.map(({ seed, violation }) => `seed ${seed}: ${violation}`);
  t.deepEqual(said, [], 'npm run test:simulator -- --seed <seed> shows the steps');
  t.is(runs, few);
  for (const [name, count] of Object.entries(counts)) {
    t.true(count > 0 || rare.includes(name), `there were no ${name}`);
  }
});

for (const [name, { what }] of Object.entries(breaks)) {
  test.serial(`it is noticed when ${what}`, async (t) => {
    const run = await firstToNotice(name, most);
    t.truthy(run);
    t.log(`${name}: seed ${run?.seed}: ${run?.violation}`);
  });
}

test.serial('a seed is the same run every time', async (t) => {
  const [once, again] = [await retrace(7, null), await retrace(7, null)];
  t.true((once?.trace.length ?? 0) > 0);
  t.deepEqual(once, again);
});
