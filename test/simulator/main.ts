import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { breaks } from './breaks.ts';
import { explore, firstToNotice, retrace } from './explore.ts';

const { values } = parseArgs({
  options: {
    /** One seed, with the trace of its steps. */
    seed: { type: 'string' },
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    /** With `--seed`: a rule that is broken. */
    break: { type: 'string' },
  },
});

const enough = 10_000;
const print = (line: string) => process.stdout.write(`${line}\n`);
const seconds = () => `${Math.round(performance.now() / 1_000)} s`;

async function one(seed: number): Promise<boolean> {
  const run = await retrace(seed, values.break ?? null);
  for (const line of run?.trace ?? []) print(line);
  print(`seed ${seed}: ${run?.violation ?? 'every rule holds'}`);
  return run?.violation === null;
}

/** Whether every broken rule is noticed. */
async function bites(seeds: number): Promise<boolean> {
  let all = true;
  for (const [name, { what }] of Object.entries(breaks)) {
    const run = await firstToNotice(name, seeds);
    all &&= run !== undefined;
    const how = run ? `noticed by seed ${run.seed}: ${run.violation}` : 'NOT NOTICED';
    print(`broken: ${what}\n  ${name}, ${how}`);
  }
  return all;
}

async function many(from: number, seeds: number): Promise<boolean> {
  const threads = Math.min(2, availableParallelism());
  const { runs, failures, counts } = await explore({ from, to: from + seeds, threads }, (done) => {
    if (done % 1_000 === 0) print(`${done} seeds in ${seconds()}`);
  });
  const found = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  print(`${runs} seeds in ${seconds()}: ${found.join(', ')}`);
  for (const { seed, violation } of failures) {
    print(`seed ${seed}: ${violation}\n  npm run test:simulator -- --seed ${seed}`);
  }
  const never = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [name] : []));
  // What never happened was not tried; fewer seeds may miss what is rare.
  const isWhole = seeds < enough || never.length === 0;
  if (!isWhole) print(`it never came to: ${never.join(', ')}`);
  return failures.length === 0 && isWhole;
}

const seeds = Number(values.seeds);
const isFine =
  values.seed === undefined
    ? [await many(Number(values.from), seeds), await bites(seeds)].every(Boolean)
    : await one(Number(values.seed));
process.exitCode = isFine ? 0 : 1;
