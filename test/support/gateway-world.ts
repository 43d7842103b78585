import type { TestFn } from 'ava';
import { z } from 'zod';
import type { JsonRequest } from './json-request.ts';
import { jsonRequest } from './json-request.ts';
import type { MockUpstream } from './mock-upstream.ts';
import { startMockUpstream } from './mock-upstream.ts';
import type { Person } from './people.ts';
import { newCustomer, request, sell, signIn } from './people.ts';
import type { Program } from './program.ts';
import { newDataDir, removeDataDir, startProgram } from './program.ts';

const price = { input: '1', cached_input: '0.5', output: '2' };
export const messages = [{ role: 'user', content: 'Hello' }];

const LastAsked = z.object({
  ...{ model: z.string(), messages: z.array(z.unknown()) },
  ...{ temperature: z.number().optional(), top_p: z.number().optional() },
  ...{ max_tokens: z.int().optional(), max_completion_tokens: z.int().optional() },
});

/** The running program for one test file: it sells `small` and `large` to a person with credit, before a mock. */
export function gatewayWorld(test: TestFn) {
  let program: Program;
  let mock: MockUpstream;
  let adminToken: string;
  let person: Person;

  test.before(async () => {
    mock = await startMockUpstream();
    program = await startProgram(await newDataDir(), {
      OPENAI_LIKE_BASE_URL: `${mock.url}/v1`,
      OPENAI_LIKE_API_KEY: 'sk-canary',
    });
    adminToken = (await signIn(program)).token;
    person = await newCustomer(program, adminToken, '10');
    await sell(program, adminToken, 'small', 'small-model');
    await sell(program, adminToken, 'large', 'large-model');
  });
  test.after.always(async () => {
    await program?.stop();
    await mock?.close();
    if (program) await removeDataDir(program.dataDir);
  });

  const put = (path: string, body: unknown) =>
    request(`${program.url}${path}`, { method: 'PUT', token: adminToken, body });
  return {
    program: () => program,
    mock: () => mock,
    adminToken: () => adminToken,
    person: () => person,
    /** Another one with credit. */
    someone: () => newCustomer(program, adminToken, '1'),
    put,
    sell: (alias: string, model: string) => sell(program, adminToken, alias, model),
    /** Changes what an alias says. */
    alias: (name: string, terms: object) => put(`/api/admin/models/${name}`, { price, ...terms }),
    settings: (changes: object) => put('/api/admin/settings', changes),
    post: (body: object, { token = person.key, headers = {} }: JsonRequest = {}) =>
      jsonRequest(`${program.url}/v1/chat/completions`, {
        ...{ method: 'POST', token, headers, body: { messages, ...body } },
      }),
    /** What the mock was asked last. */
    lastAsked: () => LastAsked.parse(mock.asked.at(-1)),
  };
}
