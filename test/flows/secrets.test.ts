import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { databaseUrl } from '../../src/adapters/postgres/embedded-database.ts';
import type { CanaryUpstream } from '../support/canary-upstream.ts';
import { harmlessCanary, startCanaryUpstream } from '../support/canary-upstream.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, request, sell, signIn } from '../support/people.ts';
import type { EnginesAlone, Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startEnginesAlone, startProgram } from '../support/program.ts';
import { query } from '../support/query.ts';

const canaries = {
  key: 'sk-zqcanary-9f3b7c21d4e8a6',
  account: 'Zqcanary Holdings',
  model: 'zqcanary-large-7b',
};
/** What all of them have in common, in any spelling. */
const canary = /zqcanary/i;

const Tables = z.array(z.object({ name: z.string() }));

const byThePiece = { image: '0.01', second: '0.001', character: '0.001' };

let upstream: CanaryUpstream;
let engines: EnginesAlone;
let program: Program;
let token: string;
let person: Person;

test.before(async () => {
  upstream = await startCanaryUpstream(canaries);
  const dataDir = await newDataDir();
  engines = await startEnginesAlone(dataDir);
  program = await startProgram(dataDir, {
    ROLES: 'api,relay,projector,scheduler',
    DATABASE_URL: engines.databaseUrl,
    EVENTSTORE_URL: engines.eventstoreUrl,
    MASTER_KEY: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'trace',
    UPSTREAM_RETRIES: '0',
    UPSTREAM_CIRCUIT_OPEN_MS: '0',
    UPSTREAM_RETRY_PAUSE_MS: '1',
  });
  token = (await signIn(program)).token;
  person = await newCustomer(program, token, '50');
  await request(`${program.url}/api/admin/upstreams/hidden`, {
    ...{ method: 'PUT', token },
    body: { kind: 'openai_like', base_url: `${upstream.url}/v1`, api_key: canaries.key },
  });
  await sell(program, token, 'plain', [{ upstream: 'hidden', model: canaries.model }]);
  await request(`${program.url}/api/admin/models/plain`, {
    ...{ method: 'PUT', token },
    body: { price: { input: '1', cached_input: '1', output: '1', ...byThePiece } },
  });
});

test.after.always(async () => {
  await program?.stop();
  await engines?.stop();
  await upstream?.close();
  if (program) await removeDataDir(program.dataDir);
});

const statuses = [
  ...[400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 418, 422, 429, 451],
  ...[500, 501, 502, 503, 504, 529],
];
const shapes = ['openai', 'plain', 'flat', 'list', 'harmless', 'text'];
const failures = statuses.flatMap((status) => shapes.map((shape) => `${status} ${shape}`));
const whole = ['ok', 'broken'];
const streamed = ['ok', 'cut', 'error', 'rubbish', '400 harmless', '401 openai', '503 plain'];

/** Everything that a caller gets: status line, headers, body. */
async function answered(path: string, body: object): Promise<string> {
  const response = await sent(`${program.url}${path}`, { model: 'plain', ...body });
  const text = await response.text().catch((error: unknown) => String(error));
  return [response.status, response.statusText, JSON.stringify([...response.headers]), text].join(
    '\n',
  );
}

/** As a form, where there is a file. */
function sent(url: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
  const fields = Object.entries(body);
  if (!fields.some(([, value]) => value instanceof Blob)) {
    return jsonRequest(url, { method: 'POST', token: person.key, body });
  }
  const form = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof Blob) form.set(name, value, 'file');
    else form.set(name, String(value));
  }
  const headers = { authorization: `Bearer ${person.key}` };
  return fetch(url, { method: 'POST', headers, body: form });
}

/** A call may be turned away before anybody is asked, where engines are slow: it is made again. */
async function upstreamsAnswer(path: string, body: object): Promise<string> {
  const before = upstream.asked.length;
  for (let tries = 0; ; tries += 1) {
    const answer = await answered(path, body);
    if (upstream.asked.length > before) return answer;
    if (tries === 100 || !/^503/.test(answer)) throw new Error(`Nobody was asked: ${answer}`);
    await pause(100);
  }
}

const file = new Blob(['a picture, or a sound']);
const said = (how: string) => ({ messages: [{ role: 'user', content: how }] });
/** Anthropic's clients must say one. */
const limitOf = (path: string) => (/chat|messages/.test(path) ? { max_tokens: 20 } : {});
const few = failures.filter((how) => /^(400|401|403|404|429|500)/.test(how));

/** What may be asked, how the upstream is told what to do, and the ways in which it does. */
const questions: readonly {
  readonly path: string;
  readonly body: (how: string) => object;
  readonly hows: readonly string[];
}[] = [
  { path: '/v1/chat/completions', body: said, hows: [...whole, ...failures] },
  {
    path: '/v1/chat/completions',
    body: (how) => ({ ...said(how), stream: true, stream_options: { include_usage: true } }),
    hows: streamed,
  },
  { path: '/v1/messages', body: said, hows: [...whole, ...failures] },
  { path: '/v1/messages', body: (how) => ({ ...said(how), stream: true }), hows: streamed },
  { path: '/v1/responses', body: (input) => ({ input }), hows: [...whole, ...few] },
  { path: '/v1/responses', body: (input) => ({ input, stream: true }), hows: streamed },
  { path: '/v1/completions', body: (prompt) => ({ prompt }), hows: [...whole, ...few] },
  { path: '/v1/embeddings', body: (input) => ({ input }), hows: [...whole, ...few] },
  { path: '/v1/moderations', body: (input) => ({ input }), hows: [...whole, ...few] },
  { path: '/v1/images/generations', body: (prompt) => ({ prompt }), hows: [...whole, ...few] },
  {
    path: '/v1/images/edits',
    body: (prompt) => ({ prompt, image: file }),
    hows: [...whole, ...few],
  },
  {
    path: '/v1/audio/transcriptions',
    body: (prompt) => ({ prompt, file }),
    hows: [...whole, ...few],
  },
  {
    path: '/v1/audio/translations',
    body: (prompt) => ({ prompt, file }),
    hows: [...whole, ...few],
  },
  // Any part of a sound is one.
  {
    path: '/v1/audio/speech',
    body: (input) => ({ input, voice: 'alloy' }),
    hows: ['ok', ...few],
  },
];

for (const [index, { path, body, hows }] of questions.entries()) {
  test.serial(`members never see an upstream's secrets, ${index}: ${path}`, async (t) => {
    const before = upstream.asked.length;
    for (const how of hows) {
      const answer = await upstreamsAnswer(path, { ...body(how), ...limitOf(path) });
      t.notRegex(answer, canary, `${how}: ${answer}`);
      if (how === 'ok') t.regex(answer, /^200[\s\S]*(Hello|embedding|flagged|b64_json)/);
      else t.regex(answer, /error/, `${how}: ${answer}`);
    }
    const asked = upstream.asked.slice(before);
    t.is(asked.length, hows.length);
    t.true(asked.every(({ key, model }) => key === canaries.key && model === canaries.model));
  });
}

test.serial('what members may list about themselves names no upstream', async (t) => {
  const list = async (path: string, key: string) =>
    JSON.stringify(await request(`${program.url}${path}`, { token: key }));
  const seen = [
    await list('/v1/models', person.key),
    await list('/api/calls?limit=100', person.token),
    await list('/api/usage', person.token),
    await list('/api/wallet', person.token),
  ];
  t.notRegex(seen.join('\n'), /zqcanary|hidden/i);
});

test.serial('the key is in no answer to an administrator, no metric and no log line', async (t) => {
  const listed = JSON.stringify(await request(`${program.url}/api/admin/upstreams`, { token }));
  t.regex(listed, /"id":"hidden"/);
  t.false(listed.includes(canaries.key));
  const metrics = await (await fetch(`${program.url}/metrics`)).text();
  t.regex(metrics, /upstream_calls_in_flight\{upstream="hidden"\} 0/);
  t.notRegex(metrics, canary);
  t.false(program.output().includes(canaries.key));
  t.false(engines.output().includes(canaries.key));
});

const Key = z.object({ key: z.string() });

test.serial('what an upstream says of a call is for who made it, and in no log line', async (t) => {
  const { key } = Key.parse(
    await request(`${program.url}/api/api-keys`, {
      ...{ method: 'POST', token, body: { name: 'transparent', aliases: ['plain'] } },
    }),
  );
  const transparent = async (path: string, body: object): Promise<string> => {
    const response = await jsonRequest(`${program.url}${path}`, {
      ...{ method: 'POST', token: key, headers: { 'x-transparent': 'true' } },
      body: { model: 'plain', ...body },
    });
    return await response.text();
  };
  for (const { path, body, hows } of questions.filter(({ path: each }) =>
    /chat|mess|resp/.test(each),
  )) {
    for (const how of hows.filter((each) => /^(400|401|403|500|503) (op|pl|har|list)/.test(each))) {
      const answer = await transparent(path, { ...body(how), ...limitOf(path) });
      t.regex(answer, /zqcanary holdings/i, `${path} ${how}: ${answer}`);
    }
    t.regex(
      await answered(path, { ...body('400 words'), ...limitOf(path) }),
      new RegExp(harmlessCanary),
    );
    await transparent(path, { ...body('400 words'), ...limitOf(path), stream: true });
    await transparent(path, { ...body('error'), ...limitOf(path), stream: true });
  }
  const written = program.output();
  t.regex(written, /answered 502 upstream_error/);
  t.regex(written, /a call did not end well/);
  t.notRegex(written, /zqcanary holdings/i);
  t.false(written.includes(harmlessCanary));
  t.notRegex(engines.output(), /zqcanary/i);
});

test.serial('the key is in no event of the log', async (t) => {
  const stopping = new AbortController();
  const log = pino({ level: 'silent' });
  const { signal } = stopping;
  const eventLog = eventStoreDbLog({ url: engines.eventstoreUrl, log, signal });
  const types = new Set<string>();
  for await (const item of eventLog.subscribe({ after: null, prefixes: [], signal })) {
    if (item.kind === 'caught_up') break;
    types.add(item.event.type);
    const { data, metadata, stream } = item.event;
    t.false(JSON.stringify([stream, data, metadata]).includes(canaries.key), stream);
  }
  stopping.abort();
  await eventLog.close();
  t.true(types.has('UpstreamChanged') && types.has('UsageSettled'));
});

test.serial('the key is in no table, whatever its columns hold', async (t) => {
  const spellings = [
    canaries.key,
    Buffer.from(canaries.key).toString('hex'),
    Buffer.from(canaries.key).toString('base64').slice(0, -4),
  ];
  for (const url of [engines.databaseUrl, databaseUrl(engines.databaseUrl, 'eventlog')]) {
    const tables = Tables.parse(
      await query(
        url,
        `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema <> 'information_schema'`,
      ),
    );
    t.true(tables.length > 3);
    for (const { name } of tables) {
      const rows = JSON.stringify(await query(url, `SELECT t::text FROM ${name} AS t`));
      for (const spelling of spellings) t.false(rows.includes(spelling), name);
    }
  }
  const sealed = await query(
    engines.databaseUrl,
    `SELECT name FROM vault.secrets WHERE name LIKE 'upstream-key/hidden/%'`,
  );
  t.is(sealed.length, 1);
});
