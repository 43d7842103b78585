import { runs } from './runs.ts';

/** `npm run test:routing [-- run …]`: simulated calls through the program's own routing, in virtual time. */
const print = (line: string) => process.stdout.write(`${line}\n`);
const chosen = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : Object.keys(runs);

let isFine = true;
for (const name of names) {
  const run = runs[name];
  if (!run) throw new Error(`There is no run "${name}": ${Object.keys(runs).join(', ')}.`);
  const began = performance.now();
  const findings = await run();
  print(`${name} (${Math.round((performance.now() - began) / 100) / 10} s)`);
  for (const { rule, isFine: held, numbers } of findings) {
    isFine &&= held;
    print(`  ${held ? 'holds' : 'BROKEN'}: ${rule} (${numbers})`);
  }
}
process.exitCode = isFine ? 0 : 1;
