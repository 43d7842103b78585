import test from 'ava';
import { z } from 'zod';
import type { Person } from '../support/people.ts';
import { newCustomer, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const Completion = z.object({
  model: z.literal('gpt-3.5-turbo'),
  choices: z.array(z.object({ message: z.object({ content: z.string().min(1) }) })).length(1),
});
const Profile = z.strictObject({
  email: z.string(),
  username: z.string().nullable(),
  user_plan: z.null(),
  expire_at: z.null(),
});

let program: Program;
let person: Person;

test.before(async () => {
  program = await startProgram(await newDataDir());
  person = await newCustomer(program, (await signIn(program)).token, '10');
});

test.after.always(async () => {
  await program?.stop();
  if (program) await removeDataDir(program.dataDir);
});

test('a product asks for gpt-3.5-turbo with a plain fetch', async (t) => {
  const baseURL = `${program.url}/v1`;
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${person.key}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({
      model: 'gpt-3.5-turbo',
      messages: [{ role: 'user', content: '帮我写一份产品介绍' }],
    }),
  });
  t.is(response.status, 200);
  t.true(Completion.safeParse(await response.json()).success);
});

test('GETs carry a JSON content type and no body: the profile and the usage', async (t) => {
  const get = (path: string, token: string) =>
    fetch(`${program.url}${path}`, {
      method: 'GET',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    });
  const profile = await get('/v1/user-profile', person.key);
  t.is(profile.status, 200);
  t.true(Profile.safeParse(await profile.json()).success);
  for (const token of [person.key, person.token]) {
    const usage = await get('/api/usage', token);
    t.is(usage.status, 200);
    const body = z.looseObject({ email: z.string(), user_plan: z.null() });
    t.true(body.safeParse(await usage.json()).success);
  }
});

test('a browser may call /v1 from any page', async (t) => {
  const preflight = await fetch(`${program.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      Origin: 'https://your-web-app.com',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization, content-type',
    },
  });
  t.true(preflight.ok);
  t.is(preflight.headers.get('access-control-allow-origin'), '*');
  t.regex(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/i);
  t.regex(preflight.headers.get('access-control-allow-headers') ?? '', /content-type/i);
});
