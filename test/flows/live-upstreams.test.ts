import test from 'ava';
import { z } from 'zod';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, request, sell, signIn } from '../support/people.ts';
import type { ScriptedServer } from '../support/scripted-server.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import type { TwoPrograms } from '../support/two-programs.ts';
import { startTwoPrograms } from '../support/two-programs.ts';

let server: ScriptedServer;
let programs: TwoPrograms;
let token: string;
let person: Person;

test.before(async () => {
  server = await startScriptedServer(({ headers: { authorization } }) =>
    authorization === 'Bearer sk-wrong'
      ? { status: 401, body: { error: { message: 'No.' } } }
      : {
          body: {
            choices: [{ index: 0, message: { content: 'Hello' }, finish_reason: 'stop' }],
            usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
          },
        },
  );
  programs = await startTwoPrograms({ UPSTREAM_RETRIES: '0' });
  token = (await signIn(programs.program(0))).token;
  person = await newCustomer(programs.program(0), token, '5');
  await sell(programs.program(0), token, 'sold', [{ upstream: 'sandbox', model: 'demo' }]);
});

test.after.always(async () => {
  await programs?.stop();
  await server?.close();
});

const put = (terms: object) =>
  request(`${programs.program(0).url}/api/admin/upstreams/live`, {
    ...{ method: 'PUT', token },
    body: { kind: 'openai_like', base_url: `${server.url}/v1`, ...terms },
  });

/** The key that a call in the second program is answered with; its status where it isn't. */
async function answeredWith(): Promise<unknown> {
  const before = server.received.length;
  const response = await jsonRequest(`${programs.program(1).url}/v1/chat/completions`, {
    ...{ method: 'POST', token: person.key },
    body: { model: 'sold', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] },
  });
  await response.text();
  if (!response.ok) return response.status;
  return server.received.slice(before).at(-1)?.headers.authorization;
}

const Listed = z.object({
  data: z.array(z.object({ id: z.string(), health: z.string(), keys: z.array(z.unknown()) })),
});
const seenBySecond = async () => {
  const url = `${programs.program(1).url}/api/admin/upstreams`;
  const { data } = Listed.parse(await request(url, { token }));
  return data.find(({ id }) => id === 'live');
};

test.serial('what is set up in one process takes calls in the other', async (t) => {
  t.is(await seenBySecond(), undefined);
  await put({ api_key: 'sk-first' });
  await sell(programs.program(0), token, 'sold', [{ upstream: 'live', model: 'm' }]);
  await eventually(async () => (await answeredWith()) === 'Bearer sk-first');
  t.like(await seenBySecond(), { health: 'up' });
});

test.serial('another key is used there without a restart, and beside a wrong one', async (t) => {
  await put({ api_key: 'sk-second' });
  await eventually(async () => (await answeredWith()) === 'Bearer sk-second');
  await put({ api_keys: ['sk-wrong', 'sk-second'] });
  await eventually(async () => (await seenBySecond())?.keys.length === 2);
  for (let n = 0; n < 3; n += 1) t.is(await answeredWith(), 'Bearer sk-second');
});

test.serial('a process that starts again knows it, and its keys', async (t) => {
  await put({ api_key: 'sk-third' });
  await programs.killProgram(1);
  t.is(await answeredWith(), 'Bearer sk-third');
});

test.serial('one that is switched off takes no call anywhere', async (t) => {
  await put({ enabled: false });
  await eventually(async () => (await answeredWith()) === 503);
  t.like(await seenBySecond(), { health: 'off' });
  await put({ enabled: true });
  await eventually(async () => (await answeredWith()) === 'Bearer sk-third');
});

test.serial('one that no route names is removed everywhere, and stays so', async (t) => {
  const remove = () =>
    jsonRequest(`${programs.program(0).url}/api/admin/upstreams/live`, { method: 'DELETE', token });
  t.is((await remove()).status, 409);
  t.truthy(await seenBySecond());
  await sell(programs.program(0), token, 'sold', [{ upstream: 'sandbox', model: 'demo' }]);
  t.is((await remove()).status, 204);
  await eventually(async () => (await seenBySecond()) === undefined);
  await programs.killProgram(1);
  t.is(await seenBySecond(), undefined);
  await put({ api_key: 'sk-again' });
  await sell(programs.program(0), token, 'sold', [{ upstream: 'live', model: 'm' }]);
  await eventually(async () => (await answeredWith()) === 'Bearer sk-again');
});
