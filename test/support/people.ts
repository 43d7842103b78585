import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { JsonRequest } from './json-request.ts';
import { jsonRequest } from './json-request.ts';
import type { Program } from './program.ts';
import { admin, mailTo } from './program.ts';

const SignedIn = z.object({ token: z.string(), member_id: z.string() });
const Created = z.object({ id: z.string(), key: z.string() });
const Wallet = z.object({
  wallet_id: z.string(),
  currency: z.string(),
  balances: z.array(
    z.object({
      asset: z.string(),
      posted: z.string(),
      held: z.string(),
      available: z.string(),
    }),
  ),
});
const Calls = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      request_id: z.string(),
      status: z.string(),
      basis: z.string().nullable(),
      charge: z.string().nullable(),
      asset: z.string(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
export type CallRow = z.infer<typeof Calls>['data'][number];

export interface Person {
  readonly memberId: string;
  readonly token: string;
  readonly key: string;
}

/** One request with a JSON body; an answer outside 2xx throws with all it said. */
export async function request(url: string, asked: JsonRequest = {}): Promise<unknown> {
  const response = await jsonRequest(url, asked);
  const text = await response.text();
  if (!response.ok) throw new Error(`${asked.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

export async function signIn({ url }: Program, who = admin): Promise<Omit<Person, 'key'>> {
  const answer = SignedIn.parse(await request(`${url}/api/signin`, { method: 'POST', body: who }));
  return { token: answer.token, memberId: answer.member_id };
}

async function newKey({ url }: Program, token: string): Promise<string> {
  const body = { name: 'test' };
  return Created.parse(await request(`${url}/api/api-keys`, { method: 'POST', token, body })).key;
}

/** Signs up, follows the link in the mail, signs in and makes a key: a person as the product sees one. */
export async function newPerson(program: Program): Promise<Person> {
  const who = { email: `${randomUUID()}@example.com`, password: 'a-long-enough-password' };
  await request(`${program.url}/api/signup`, { method: 'POST', body: who });
  const code = /verify-email\?code=([\w.%-]+)/.exec(await mailTo(program.dataDir, who.email))?.[1];
  const body = { code: decodeURIComponent(code ?? '') };
  await request(`${program.url}/api/verify-email`, { method: 'POST', body });
  const { token, memberId } = await signIn(program, who);
  return { token, memberId, key: await newKey(program, token) };
}

export async function grant(
  { url }: Program,
  adminToken: string,
  memberId: string,
  amount: string,
): Promise<void> {
  await request(`${url}/api/admin/members/${memberId}/grants`, {
    method: 'POST',
    token: adminToken,
    headers: { 'idempotency-key': randomUUID() },
    body: { asset: 'CNY', amount, reason: 'test' },
  });
}

/** A member with credit. */
export async function newCustomer(
  program: Program,
  adminToken: string,
  credit: string,
): Promise<Person> {
  const person = await newPerson(program);
  await grant(program, adminToken, person.memberId, credit);
  return person;
}

/** Some of them. */
export async function newCustomers(
  program: Program,
  adminToken: string,
  credit: string,
): Promise<readonly [Person, ...Person[]]> {
  const next = () => newCustomer(program, adminToken, credit);
  return [await next(), await next(), await next(), await next()];
}

interface Sold {
  readonly upstream: string;
  readonly model: string;
}

/** Sells an alias at 1 and 2 CNY per million tokens. */
export const sell = (program: Program, token: string, alias: string, sold: Offer['sold']) =>
  offer(program, token, alias, { sold });

interface Offer {
  /** A model of the upstream `openai_like`, or those that are named with theirs. */
  readonly sold: string | readonly Sold[];
  /** Beside that of text. */
  readonly prices?: Readonly<Record<string, string>>;
}

/** The same with more prices. */
export async function offer(
  { url }: Program,
  token: string,
  alias: string,
  { sold, prices }: Offer,
): Promise<void> {
  const put = (path: string, body: unknown) =>
    request(`${url}${path}`, { method: 'PUT', token, body });
  const price = { input: '1', cached_input: '0.5', output: '2', ...prices };
  await put(`/api/admin/models/${alias}`, { price });
  const models = typeof sold === 'string' ? [{ upstream: 'openai_like', model: sold }] : sold;
  const candidates = models.map((each) => ({ ...each, weight: 1 }));
  await put(`/api/admin/routes/${alias}`, { candidates });
}

export async function walletOf({ url }: Program, token: string) {
  const wallet = Wallet.parse(await request(`${url}/api/wallet`, { token }));
  const { balances, currency, wallet_id: walletId } = wallet;
  const money = balances.find(({ asset }) => asset === currency);
  if (!money) throw new Error('The wallet does not list its currency.');
  return { ...money, walletId };
}

/** All of a member's calls, page by page. */
export async function callsOf({ url }: Program, token: string): Promise<readonly CallRow[]> {
  const rows: CallRow[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: z.infer<typeof Calls> = Calls.parse(
      await request(`${url}/api/calls?limit=100${query}`, { token }),
    );
    rows.push(...page.data);
    cursor = page.next_cursor;
  }
  return rows;
}

/** The calls once the read model has seen `settled` of them. */
export async function settledCalls(
  program: Program,
  token: string,
  settled: number,
): Promise<readonly CallRow[]> {
  for (let attempt = 0; ; attempt += 1) {
    const rows = (await callsOf(program, token)).filter(({ status }) => status === 'settled');
    if (rows.length >= settled || attempt > 100) return rows;
    await sleep(50);
  }
}
