import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { databaseUrl } from '../../src/adapters/postgres/embedded-database.ts';
import { parseConfig } from '../../src/config.ts';
import { findEngines } from '../../src/doctor/engines.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { projections } from '../../src/projections/registry.ts';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, newPerson, request, settledCalls, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';
import { query } from '../support/query.ts';
import { recordedAs } from '../support/recorded.ts';
import { tables } from '../support/tables.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const masterKey = randomBytes(32).toString('base64');
const kept = ['vault.secrets', 'vault.member_keys', 'journal.calls'];

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** `npm run` of one of them; killed, as by a power cut, as soon as it prints something. */
async function run(
  what: 'backup' | 'restore' | 'doctor',
  argument: string,
  dataDir: string,
  { key = masterKey, killAt }: { readonly key?: string; readonly killAt?: RegExp } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [`ops/${what}.ts`, argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', DATA_DIR: dataDir, MASTER_KEY: key },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (killAt?.test(output)) child.kill('SIGKILL');
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, output };
}

const failuresIn = ({ output }: Ran): readonly string[] =>
  Report.parse(JSON.parse(output))
    .checks.filter(({ status }) => status === 'failure')
    .map(({ name }) => name);

const Report = z.object({ checks: z.array(z.object({ name: z.string(), status: z.string() })) });

const start = (dataDir: string) => startProgram(dataDir, { MASTER_KEY: masterKey });

const call = async ({ url }: Program, { key }: Pick<Person, 'key'>): Promise<number> => {
  const body = { model: 'demo', messages: [{ role: 'user', content: 'Hello!' }] };
  const answer = await jsonRequest(`${url}/v1/chat/completions`, {
    method: 'POST',
    token: key,
    body,
  });
  await answer.text();
  return answer.status;
};

interface Content {
  readonly events: readonly unknown[];
  readonly rows: readonly unknown[];
  readonly policies: readonly unknown[];
  readonly models: Readonly<Record<string, readonly string[]>>;
}

/** All that a data directory holds up to a position of its log. */
async function contentOf(dataDir: string, upTo?: number): Promise<Content> {
  const config = parseConfig({ DATA_DIR: dataDir, MASTER_KEY: masterKey });
  const engines = await findEngines(config, pino({ level: 'silent' }));
  try {
    const log = databaseUrl(engines.databaseUrl, 'eventlog');
    const part = upTo === undefined ? '' : `WHERE position <= ${upTo}`;
    return {
      events: await query(log, `SELECT e::text FROM eventlog.event e ${part} ORDER BY position`),
      rows: await Promise.all(
        kept.map((name) => query(engines.databaseUrl, `SELECT t::text FROM ${name} t ORDER BY 1`)),
      ),
      policies: await query(
        engines.databaseUrl,
        `SELECT * FROM feed.positions WHERE consumer = 'policies' ORDER BY partition`,
      ),
      models: await tables(engines.databaseUrl, projections),
    };
  } finally {
    await engines.stop();
  }
}

/** An event that the price lists' table can't hold; returns its position. */
async function writePoison(): Promise<string> {
  const log = pino({ level: 'silent' });
  const stopping = new AbortController();
  const engines = await findEngines(parseConfig({ DATA_DIR: source, MASTER_KEY: masterKey }), log);
  const eventLog = eventStoreDbLog({ url: engines.eventstoreUrl, log, signal: stopping.signal });
  const stream = streamOf.priceList('endless');
  const published: DomainEvent = {
    type: 'PriceListPublished',
    data: {
      ...{ alias: 'endless', version: 3_000_000_000, currency: 'CNY' },
      ...{ prices: { input: '1', cachedInput: '1', output: '1' }, defaultMaxOutput: 1 },
      effectiveAt: '2026-01-01T12:00:00.000Z',
    },
  };
  try {
    const written = await eventLog.append(stream, 'no_stream', [recordedAs(published, { stream })]);
    if (!written.ok) throw new Error(`${stream} is there already.`);
    return written.position.toString();
  } finally {
    stopping.abort();
    await eventLog.close();
    await engines.stop();
  }
}

let program: Program;
let source: string;
let folder: string;
let person: Person;
let whole: string;

test.before(async () => {
  source = await newDataDir();
  folder = await newDataDir();
  whole = join(folder, 'whole.backup');
  program = await start(source);
  const { token } = await signIn(program);
  person = await newCustomer(program, token, '5');
  await request(`${program.url}/api/admin/upstreams/kept`, {
    ...{ method: 'PUT', token, body: { kind: 'deepseek', api_key: 'sk-kept-in-the-vault' } },
  });
  for (let n = 0; n < 3; n += 1) await call(program, person);
  await settledCalls(program, person.token, 3);
});
test.after.always(async () => {
  await program.kill();
  await removeDataDir(source);
  await removeDataDir(folder);
});

test.serial(
  'a backup made while calls run holds the log up to one position, byte for byte',
  async (t) => {
    const path = join(folder, 'running.backup');
    let running = true;
    const calls = (async () => {
      let made = 0;
      for (; running; made += 1) t.is(await call(program, person), 200);
      return made;
    })();
    const people = newPerson(program);
    const made = await run('backup', path, source);
    running = false;
    t.true((await calls) > 0);
    await people;
    t.is(made.code, 0, made.output);
    t.regex(made.output, /log: \d+ events in/);
    t.regex(made.output, /master key is not in it/);
    t.is((await run('backup', path, source)).code, 1, 'a backup is never replaced');

    const target = await temporaryFolder(t);
    const restored = await run('restore', path, target);
    t.is(restored.code, 0, restored.output);
    t.regex(restored.output, / 0 failures/);
    const there = await contentOf(target);
    const here = await contentOf(source, there.events.length - 1);
    t.deepEqual(there.events, here.events);

    const second = await start(target);
    t.teardown(second.kill);
    t.is(await call(second, person), 200);
    const { token } = await signIn(second);
    const listed = JSON.stringify(await request(`${second.url}/api/admin/upstreams`, { token }));
    // Without its key it would be there and unavailable.
    t.regex(listed, /"id":"kept".*?"health":"up"/);
  },
);

test.serial('what a read model was let leave out, a restored one leaves out, too', async (t) => {
  const { token } = await signIn(program);
  const position = await writePoison();
  const skip = () =>
    jsonRequest(`${program.url}/api/admin/projections/price_lists/skips`, {
      ...{ method: 'POST', token, body: { position, reason: 'written by hand' } },
    });
  // Until it is stopped there, there is nothing to skip.
  await eventually(async () => (await skip()).status === 201);
  const path = join(folder, 'skipped.backup');
  t.is((await run('backup', path, source)).code, 0);
  const restored = await run('restore', path, await temporaryFolder(t));
  t.is(restored.code, 0, restored.output);
  t.regex(restored.output, /ok +projections +all \d+ hold the log/);
});

test.serial('a restored installation has the tables of the one that stood still', async (t) => {
  t.is(await program.stop(), 0);
  const { position } = JSON.parse(
    await run('backup', whole, source).then(async ({ code, output }) => {
      t.is(code, 0, output);
      return (await readFile(whole)).toString('latin1').split('\n')[0] ?? '';
    }),
  );
  const target = await temporaryFolder(t);
  t.is((await run('restore', folder, target)).code, 1, 'no backup has the name of one');
  const restored = await run('restore', whole, target);
  t.is(restored.code, 0, restored.output);
  const there = await contentOf(target);
  t.deepEqual(there, await contentOf(source));
  t.is(there.events.length, Number(position) + 1);

  const again = await run('restore', whole, target);
  t.is(again.code, 1);
  t.regex(again.output, /holds an installation already/);
  t.deepEqual(await contentOf(target), there);
});

test.serial(
  'what is damaged, cut short, newer or for another key is refused, and nothing made',
  async (t) => {
    const bytes = await readFile(whole);
    const changed = async (name: string, content: Uint8Array, says: RegExp, key = masterKey) => {
      const path = join(folder, name);
      await writeFile(path, content);
      const target = await temporaryFolder(t);
      const { code, output } = await run('restore', path, target, { key });
      t.is(code, 1, name);
      t.regex(output, says, name);
      // Nothing was begun.
      t.is((await run('backup', join(folder, 'none.backup'), target)).code, 1);
    };
    const flipped = Buffer.from(bytes);
    const middle = Math.floor(bytes.length / 2);
    flipped[middle] = (flipped[middle] ?? 0) ^ 1;
    await changed('flipped', flipped, /is damaged/);
    await changed('cut', bytes.subarray(0, middle), /is damaged/);
    // The last nine bytes may be an empty frame, without which everything is still there.
    await changed('a-little-cut', bytes.subarray(0, bytes.length - 10), /is damaged/);
    const header = bytes.subarray(0, bytes.indexOf('\n') + 1).toString();
    const rest = bytes.subarray(bytes.indexOf('\n') + 1);
    const withHeader = (text: string) => Buffer.concat([Buffer.from(text), rest]);
    await changed(
      'newer',
      withHeader(header.replace('"version":1', '"version":2')),
      /has format 2/,
    );
    await changed('edited', withHeader(header.replace(/"madeAt":"2/, '"madeAt":"1')), /is damaged/);
    await changed('other', Buffer.from('{"hello": "world"}\n'), /is no backup/);
    await changed('key', bytes, /MASTER_KEY does not open/, randomBytes(32).toString('base64'));
  },
);

test.serial('a restore that is killed leaves nothing that starts, and is begun anew', async (t) => {
  for (const killAt of [/loading the log/, /deriving the read models/]) {
    const target = await temporaryFolder(t);
    const killed = await run('restore', whole, target, { killAt });
    t.not(killed.code, 0, killed.output);
    const refused = await t.throwsAsync(start(target));
    t.regex(refused?.message ?? '', /A restore into this installation did not come to its end/);
    t.is((await run('backup', join(folder, 'part.backup'), target)).code, 1);
    const part = await run('doctor', '--json', target);
    t.is(part.code, 1, part.output);
    t.deepEqual(failuresIn(part), ['restore']);
    const restored = await run('restore', whole, target);
    t.is(restored.code, 0, restored.output);
    t.deepEqual(await contentOf(target), await contentOf(source));
  }
});
