import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { pino } from 'pino';
import { spawnEventNode } from '../../src/adapters/eventstore/embedded/spawn.ts';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded.ts';
import { ensureDatabase } from '../../src/adapters/postgres/embedded-database.ts';

/** `node ops/bench/event-node.ts`: what the embedded event node does on this machine, and whether it did it right. */

const streamCount = 200;
const seconds = 3;
const log = pino({ level: 'silent' });
const print = (line: string) => process.stdout.write(`${line}\n`);

const event = () =>
  jsonEvent({
    type: 'CreditReserved',
    data: {
      walletId: randomUUID(),
      callId: randomUUID(),
      amount: '0.000123',
      alloc: [{ lotId: randomUUID() }],
    },
    metadata: { v: 1, commandId: randomUUID(), recordedAt: new Date().toISOString() },
  });

interface Acknowledged {
  readonly stream: string;
  readonly id: string;
}

/** Every lane appends to its own streams, each at the expected revision, one after the other. */
async function appendFor(client: EventStoreDBClient, lanes: number, acknowledged: Acknowledged[]) {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1000;
  const lane = async (number: number) => {
    const streams = Array.from(
      { length: Math.ceil(streamCount / lanes) },
      () => `bench-${lanes}-${number}-${randomUUID()}`,
    );
    const revisions = new Map<string, bigint>();
    for (let turn = 0; performance.now() < until; turn += 1) {
      const stream = streams[turn % streams.length] ?? '';
      const next = event();
      const before = performance.now();
      const { nextExpectedRevision } = await client.appendToStream(stream, next, {
        expectedRevision: revisions.get(stream) ?? 'no_stream',
      });
      latencies.push(performance.now() - before);
      revisions.set(stream, nextExpectedRevision);
      acknowledged.push({ stream, id: next.id });
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  const elapsed = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  print(
    `append, ${String(lanes).padStart(3)} in flight: ${Math.round(latencies.length / elapsed)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
}

/** Both processes compile what they run while it runs: the first thousands of appends say little. */
async function warmUp(client: EventStoreDBClient): Promise<void> {
  const lane = async () => {
    for (let turn = 0; turn < 300; turn += 1) await client.appendToStream(randomUUID(), event());
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

/** Reads everything back: positions without a gap, and every acknowledged event exactly once. */
async function verify(
  client: EventStoreDBClient,
  acknowledged: readonly Acknowledged[],
): Promise<boolean> {
  const seen = new Map<string, number>();
  let expected = 0n;
  let gaps = 0;
  const started = performance.now();
  for await (const { event: read } of client.readAll()) {
    if (read === undefined) continue;
    if (read.position.commit !== expected) gaps += 1;
    expected = read.position.commit + 1n;
    seen.set(read.id, (seen.get(read.id) ?? 0) + 1);
  }
  const rate = Number(expected) / ((performance.now() - started) / 1000);
  print(`read $all: ${Math.round(rate)} events/s over ${expected} events`);
  const wrong = acknowledged.filter(({ id }) => seen.get(id) !== 1).length;
  print(
    `gaps in positions: ${gaps}, acknowledged: ${acknowledged.length}, missing or doubled: ${wrong}`,
  );
  return gaps === 0 && wrong === 0;
}

const dir = await mkdtemp(join(tmpdir(), 'llm-member-bench-'));
const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), log });
try {
  const databaseUrl = await ensureDatabase(postgres.url('postgres'), 'bench');
  const node = await spawnEventNode({ databaseUrl, port: 0, log });
  const client = EventStoreDBClient.connectionString(node.url);
  const acknowledged: Acknowledged[] = [];
  print(`${cpus().length} cores, ${cpus()[0]?.model ?? ''}, Node ${process.version}`);
  await warmUp(client);
  for (const lanes of [1, 32, 128]) await appendFor(client, lanes, acknowledged);
  const right = await verify(client, acknowledged);
  print(right ? 'verdict: correct' : 'verdict: WRONG');
  process.exitCode = right ? 0 : 1;
  await client.dispose();
  await node.stop();
} finally {
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}
