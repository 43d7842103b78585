import { readFile, writeFile } from 'node:fs/promises';
import { eventsPage, eventsWithoutMeaning } from './events.ts';
import { readModelsPage, readModelsWithoutMeaning } from './read-models.ts';

/**
 * `npm run catalogue` writes what the events and the read models are, from the code. With `--check` it
 * writes nothing, and ends with 1 when a page is stale; without a meaning for everything it always does.
 */
const pages = { 'events.md': eventsPage(), 'read-models.md': readModelsPage() };
const faults = [...eventsWithoutMeaning(), ...readModelsWithoutMeaning()].map(
  (what) => `Nothing says what ${what} means.`,
);

for (const [name, text] of Object.entries(pages)) {
  const file = new URL(name, import.meta.url);
  if (!process.argv.includes('--check')) await writeFile(file, text);
  else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    faults.push(`ops/catalogue/${name} is stale: npm run catalogue`);
  }
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
