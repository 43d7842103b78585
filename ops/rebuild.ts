import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { eventStoreDbLog } from '../src/adapters/eventstore/eventstoredb.ts';
import { runners } from '../src/adapters/eventstore/runners.ts';
import { migrate } from '../src/adapters/postgres/migrate.ts';
import type { RebuildWish, Rebuilt } from '../src/adapters/postgres/rebuild.ts';
import { RebuildDiffers, rebuild } from '../src/adapters/postgres/rebuild.ts';
import { dropOthers, rollBack } from '../src/adapters/postgres/rollback.ts';
import { closers } from '../src/closers.ts';
import { readConfig } from '../src/config.ts';
import { findEngines } from '../src/doctor/engines.ts';
import { streamOf } from '../src/domain/streams.ts';
import { progress } from '../src/progress.ts';
import type { Projection } from '../src/projections/projection.ts';
import { projections } from '../src/projections/registry.ts';

/**
 * `npm run rebuild -- <read model>`: fills it anew from the log, compares, and shows it; readers never
 * wait. `--accept "<reason>"` shows a build of other code although it differs, `--repair "<reason>"` one
 * of the same code, where somebody changed the old one's rows; `--rollback` shows the one before again,
 * `--drop` drops all that aren't shown. It takes the program's own environment.
 */
const usage =
  'npm run rebuild -- <read model> [--accept "<reason>" | --repair "<reason>" | --rollback | --drop]\n' +
  `read models: ${projections.map(({ name }) => name).join(', ')}\n`;

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
const opened = closers();
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort());

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof RebuildDiffers) say(error.rebuilt);
  process.exitCode = 1;
} finally {
  await opened.close();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      accept: { type: 'string' },
      repair: { type: 'string' },
      rollback: { type: 'boolean' },
      drop: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const projection = projections.find(({ name }) => name === positionals[0]);
  const isClear = positionals.length === 1 && Object.keys(values).length <= 1;
  if (!projection || !isClear || values.accept?.trim() === '' || values.repair?.trim() === '')
    throw new Error(usage);
  const engines = await findEngines(readConfig(), log);
  opened.add(engines.stop);
  const { databaseUrl } = engines;
  await migrate(databaseUrl);
  if (values.drop) {
    const dropped = await dropOthers(databaseUrl, projection);
    process.stdout.write(`dropped: ${dropped.join(', ') || 'nothing'}\n`);
  } else if (values.rollback) {
    process.stdout.write(`${await rollBack(databaseUrl, projection)} is shown again\n`);
  } else {
    say(await fillAnew(projection, engines, values));
  }
}

async function fillAnew(
  projection: Projection,
  { databaseUrl, eventstoreUrl }: { readonly databaseUrl: string; readonly eventstoreUrl: string },
  { accept, repair }: Pick<RebuildWish, 'accept' | 'repair'>,
): Promise<Rebuilt> {
  const { signal } = stopping;
  const eventLog = eventStoreDbLog({ url: eventstoreUrl, log, signal, wideWindow: true });
  opened.add(eventLog.close);
  const reason = accept ?? repair;
  if (reason !== undefined) await record(projection, eventLog, reason);
  const shown = progress({ output: process.stderr, now: () => performance.now() });
  let begun = false;
  return rebuild(
    projection,
    {
      ...{ databaseUrl, eventLog, log, signal },
      onProgress({ from, at, to, events }) {
        const whole = Number(to - from);
        if (!begun) shown.begin(projection.name, whole, 'of the log');
        begun = true;
        shown.reached(Math.min(whole, Number(at - from)), events);
      },
    },
    { accept, repair },
  ).finally(shown.end);
}

/** Who accepts a difference says so in the log first. */
async function record(
  projection: Projection,
  eventLog: Parameters<typeof runners>[0]['log'],
  reason: string,
): Promise<void> {
  const clock = () => new Date();
  const { name } = projection;
  const id = crypto.randomUUID();
  await runners({ log: eventLog, clock }).readModel.run(
    streamOf.readModel(name),
    () => ({
      type: 'AcceptDifference',
      projection: name,
      schema: `${name}_v${projection.version}`,
    }),
    {
      ...{ commandId: id, correlationId: id, at: clock().toISOString(), reason },
      actor: { type: 'operator', id: 'rebuild' },
      source: 'rebuild',
    },
  );
}

function say({ schema, before, comparison }: Rebuilt): void {
  const { same, before: old, after, onlyBefore, onlyAfter } = comparison;
  const held = `${schema} holds ${after.rows} rows, ${before} ${old.rows}`;
  const difference = { before: old, after, onlyBefore, onlyAfter };
  process.stdout.write(
    same
      ? `${held}, the same; ${schema} is shown and ${before} is kept\n`
      : `${held}, and they differ:\n${JSON.stringify(difference, null, 2)}\n`,
  );
}
