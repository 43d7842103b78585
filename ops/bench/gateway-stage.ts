import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Person } from '../../test/support/people.ts';
import { grant, newPerson, request, signIn } from '../../test/support/people.ts';
import type { Program } from '../../test/support/program.ts';

/** What the load goes through; each ends at the same mock. */
export interface Stage {
  readonly program: Program;
  /** Whose CPU is ours: the program's and its engines'. */
  readonly roots: readonly number[];
  readonly database: pg.Client;
  readonly people: readonly Person[];
  readonly upstream: { readonly url: string };
  readonly pipe: { readonly url: string };
  /** The pipe with two durable appends a call, on a log of its own. */
  readonly durable: { readonly url: string };
  readonly peer: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** What was answered whole, beside the program and through it, and what was not. */
export interface Counts {
  readonly beside: number;
  readonly complete: number;
  readonly failed: number;
}

export const summed = (counts: readonly Counts[]): Counts => ({
  beside: counts.reduce((total, each) => total + each.beside, 0),
  complete: counts.reduce((total, each) => total + each.complete, 0),
  failed: counts.reduce((total, each) => total + each.failed, 0),
});

const keys = 32;

/** Sells every model that the load asks for, to members with credit and a key each. */
export async function furnish(program: Program, models: readonly string[]): Promise<Person[]> {
  const { token } = await signIn(program);
  const put = (path: string, content: unknown) =>
    request(`${program.url}${path}`, { method: 'PUT', token, body: content });
  for (const model of models) {
    await put(`/api/admin/models/${model}`, {
      price: { input: '1', cached_input: '1', output: '2' },
    });
    await put(`/api/admin/routes/${model}`, {
      candidates: [{ upstream: 'openai_like', model, weight: 1 }],
    });
  }
  const people: Person[] = [];
  for (let index = 0; index < keys; index += 1) {
    const person = await newPerson(program);
    await grant(program, token, person.memberId, '1000000');
    people.push(person);
  }
  return people;
}

/** How many answers the mock has given. */
export const answersOf = async ({ url }: Stage['upstream']): Promise<number> =>
  Number(await (await fetch(`${url}/count`)).text());

/** Waits until the read models have seen every call: the drain belongs to what a call costs. */
export async function drained({ database }: Pick<Stage, 'database'>): Promise<void> {
  for (let last = ''; ; ) {
    const { rows } = await database.query<{ open: string; calls: string }>(
      `SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) AS calls FROM read.calls`,
    );
    const [{ open, calls } = { open: '?', calls: '' }] = rows;
    if (open === '0' && calls === last) return;
    last = calls;
    await sleep(100);
  }
}

/** Says whether charged calls = complete answers = upstream calls, and every leg sums to zero. */
export async function verdictOf(stage: Stage, totals: Counts) {
  const { rows } = await stage.database.query<{
    settled: string;
    open: string;
    legs: string | null;
  }>(
    `SELECT (SELECT count(*) FROM read.calls WHERE status = 'settled') AS settled,
            (SELECT count(*) FROM read.calls WHERE status = 'open') AS open,
            (SELECT trim_scale(sum(balance))::text FROM read.trial_balance) AS legs`,
  );
  const asked = (await answersOf(stage.upstream)) - totals.beside;
  const [{ settled, open, legs } = { settled: '?', open: '?', legs: '?' }] = rows;
  const isExact =
    Number(settled) === totals.complete &&
    asked === totals.complete &&
    open === '0' &&
    legs === '0' &&
    totals.failed === 0;
  const text =
    `verdict: ${isExact ? 'exact' : 'WRONG'}: ${settled} charged, ${totals.complete} complete answers, ` +
    `${asked} upstream calls, ${totals.failed} failed, ${open} open, legs sum to ${legs}`;
  return { isExact, text };
}
