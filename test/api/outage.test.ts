import test from 'ava';
import { ask, newMember, signIn, signUp, testApi } from '../support/api.ts';
import { outage } from '../support/outage.ts';

const api = testApi(test);

test('while Postgres is away reads and new people wait, and nothing is said of why', async (t) => {
  const { token, email } = await newMember(api());
  const { end } = await outage(api().databaseUrl);
  const before = api().eventLog.events.length;
  const answers = [
    await ask(api(), 'GET', '/api/calls', { token }),
    await ask(api(), 'GET', '/api/usage', { token }),
    await signUp(api(), 'new@example.com'),
  ];
  const written = api().eventLog.events.length - before;
  await end();
  for (const { status, body, headers, text } of answers) {
    t.is(status, 503);
    t.is(headers.get('retry-after'), '1');
    t.like(body, { code: 'unavailable' });
    t.notRegex(text, /database|connection|slonik/i);
  }
  t.is(written, 0);
  const ours = api().logged.filter((line) => line.includes('answered 503 unavailable'));
  t.is(ours.length, answers.length);
  t.is((await ask(api(), 'GET', '/api/calls', { token })).status, 200);
  t.is((await signIn(api(), email)).status, 200);
});

test('what a caller breaks is one line of the log, and no fault of ours', async (t) => {
  const { headers } = await ask(api(), 'GET', '/api/calls');
  const id = headers.get('x-request-id') ?? '?';
  const lines = api().logged.filter((line) => line.includes(id));
  t.is(lines.length, 1);
  t.like(JSON.parse(lines[0] ?? '{}'), { level: 30, code: 'unauthenticated', status: 401 });
});
