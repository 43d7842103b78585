import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { Decimal } from '../../src/domain/money.ts';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, request, sell, settledCalls, signIn } from '../support/people.ts';
import { admin } from '../support/program.ts';
import type { TwoPrograms, Which } from '../support/two-programs.ts';
import { startTwoPrograms } from '../support/two-programs.ts';

let programs: TwoPrograms;
let token: string;
let person: Person;

test.before(async () => {
  programs = await startTwoPrograms();
  token = (await signIn(programs.program(0))).token;
  person = await newCustomer(programs.program(0), token, '100');
});
test.after.always(() => programs?.stop());

const put = (path: string, body: unknown) =>
  request(`${programs.program(0).url}/api/admin/${path}`, { method: 'PUT', token, body });

/** An alias whose calls cost us one CNY each: ten tokens, and nothing for the input. */
async function costly(alias: string): Promise<void> {
  await sell(programs.program(0), token, alias, [{ upstream: 'sandbox', model: alias }]);
  await put(`routes/${alias}`, {
    candidates: [{ upstream: 'sandbox', model: alias, cost: { input: '0', output: '100000' } }],
  });
}

const call = (which: Which, model: string) =>
  jsonRequest(`${programs.program(which).url}/v1/chat/completions`, {
    ...{ method: 'POST', token: person.key },
    body: { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] },
  });

const Budgets = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      daily: z.object({ spent: z.string(), in_flight: z.string(), left: z.string() }),
    }),
  ),
});

async function budgetIn(which: Which, id: string) {
  const { data } = Budgets.parse(
    await request(`${programs.program(which).url}/api/admin/budgets`, { token }),
  );
  return data.find((budget) => budget.id === id)?.daily;
}

async function mailsAbout(id: string): Promise<readonly string[]> {
  const folder = join(programs.program(0).dataDir, 'mail');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  const mails = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return mails.filter((mail) => mail.includes(`To: ${admin.email}`) && mail.includes(id));
}

test.serial(
  'one process makes as many calls as the budget has room for, and refuses the others',
  async (t) => {
    await costly('exact');
    // What was spent before there was a budget counts, as the read model has it.
    t.is((await call(0, 'exact')).status, 200);
    await settledCalls(programs.program(0), person.token, 1);
    await put('budgets/ten-more', { scope: { kind: 'alias', value: 'exact' }, daily: '11' });
    const answers = await Promise.all(Array.from({ length: 30 }, () => call(0, 'exact')));
    const ok = answers.filter(({ status }) => status === 200);
    t.is(ok.length, 10);
    const refused = answers.find(({ status }) => status !== 200);
    t.is(refused?.status, 503);
    t.is(refused?.headers.get('x-should-retry'), 'false');
    const text = (await refused?.text()) ?? '';
    t.like(JSON.parse(text), { error: { code: 'budget_spent' } });
    t.notRegex(text, /budget has|cost|10|CNY/);
    for (const which of [0, 1] as const) {
      await eventually(async () => (await budgetIn(which, 'ten-more'))?.spent === '11');
      t.deepEqual(await budgetIn(which, 'ten-more'), { spent: '11', in_flight: '0', left: '0' });
      t.is((await call(which, 'exact')).status, 503);
    }
  },
);

const Costly = z.object({
  charge: z.string(),
  cost: z.string(),
  cost_currency: z.string(),
  margin: z.string(),
  cost_lines: z.array(
    z.object({ upstream: z.string(), class: z.string(), count: z.int(), amount: z.string() }),
  ),
});

test.serial(
  'an administrator sees what a call cost us and what it earned; its member does not',
  async (t) => {
    await costly('seen');
    const id = (await call(0, 'seen')).headers.get('x-request-id');
    const { url } = programs.program(0);
    const seen = () => jsonRequest(`${url}/api/admin/calls/${id}`, { token });
    await eventually(async () => (await (await seen()).text()).includes('"status":"settled"'));
    const row = Costly.parse(await (await seen()).json());
    t.like(row, { cost: '1', cost_currency: 'CNY' });
    t.is(row.margin, new Decimal(row.charge).minus(1).toFixed());
    const output = row.cost_lines.find(({ class: of }) => of === 'output');
    t.like(output, { upstream: 'sandbox', count: 10, amount: '1' });
    const listed = await request(`${url}/api/admin/calls?model=seen`, { token });
    t.true(JSON.stringify(listed).includes(`"margin":"${row.margin}"`));
    for (const path of [`/api/calls/${id}`, '/api/calls']) {
      const shown = await request(`${url}${path}`, { token: person.token });
      t.notRegex(JSON.stringify(shown), /cost|margin|sandbox/);
    }
  },
);

test.serial(
  'half of a budget, most of it and all of it are told to administrators, once',
  async (t) => {
    await eventually(async () => (await mailsAbout('ten-more')).length >= 3);
    const mails = await mailsAbout('ten-more');
    for (const percent of ['50 %', '80 %', '100 %']) {
      const about = mails.filter((mail) => mail.includes(`达到 ${percent}`));
      t.is(about.length, 1, about.join('---'));
      t.true(about[0]?.includes(`${percent} are reached`));
    }
  },
);

test.serial(
  'two processes overdraw a budget by no more than the other had in flight',
  async (t) => {
    await costly('shared');
    await put('budgets/shared', { scope: { kind: 'alias', value: 'shared' }, daily: '20' });
    await eventually(async () => (await budgetIn(1, 'shared')) !== undefined);
    const atOnce = 15;
    const both = Array.from({ length: 2 * atOnce }, (_, n) => call(n % 2 === 0 ? 0 : 1, 'shared'));
    const made = (await Promise.all(both)).filter(({ status }) => status === 200).length;
    t.true(made >= 20 && made <= 20 + atOnce, `${made} calls`);
    for (const which of [0, 1] as const) {
      await eventually(async () => (await budgetIn(which, 'shared'))?.spent === String(made));
      t.is((await call(which, 'shared')).status, 503);
    }
  },
);

test.serial(
  'a raised budget lets calls in again, and so does one that is ended, in both',
  async (t) => {
    await put('budgets/ten-more', { scope: { kind: 'alias', value: 'exact' }, daily: '12' });
    t.is((await call(0, 'exact')).status, 200);
    t.is((await call(0, 'exact')).status, 503);
    await request(`${programs.program(0).url}/api/admin/budgets/ten-more`, {
      ...{ method: 'DELETE', token },
    });
    t.is((await call(0, 'exact')).status, 200);
    await eventually(async () => (await call(1, 'exact')).status === 200);
  },
);

test.serial('a process that starts knows what was spent before', async (t) => {
  const before = await budgetIn(0, 'shared');
  await programs.killProgram(1);
  t.deepEqual(await budgetIn(1, 'shared'), before);
  t.is((await call(1, 'shared')).status, 503);
});
