import test from 'ava';
import OpenAI, { APIError } from 'openai';
import { Decimal } from '../../src/domain/money.ts';
import { callsOf, grant, newPerson, settledCalls, signIn, walletOf } from '../support/people.ts';
import { startTwoPrograms } from '../support/two-programs.ts';
import { endsByCall, walletHistories } from '../support/wallet-history.ts';

const paidFor = 150;
const asked = 400;
const refusals = new Set(['insufficient_quota', 'credit_on_hold']);

test('money for exactly K of 400 simultaneous calls on two processes lets exactly K through', async (t) => {
  const cluster = await startTwoPrograms();
  t.teardown(cluster.stop);
  const programs = [cluster.program(0), cluster.program(1)] as const;
  const { token: adminToken } = await signIn(programs[0]);
  const newCustomer = async (credit: string) => {
    const person = await newPerson(programs[0]);
    await grant(programs[0], adminToken, person.memberId, credit);
    const clients = programs.map(
      ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: person.key, maxRetries: 0 }),
    );
    const call = async (index: number) =>
      clients[index % clients.length]?.chat.completions.create({
        model: 'demo',
        messages: [{ role: 'user', content: 'Hello' }],
      });
    return { ...person, call };
  };

  // For `demo` the bound is the charge: what one call costs is what each will hold.
  const first = await newCustomer('1');
  await first.call(0);
  const [row] = await settledCalls(programs[0], first.token, 1);
  const price = new Decimal(row?.charge ?? '0');
  t.true(price.gt(0));

  const credit = price.times(paidFor).toFixed();
  const customer = await newCustomer(credit);
  const { walletId, available } = await walletOf(programs[1], customer.token);
  t.is(available, credit);
  const outcomes = await Promise.all(
    Array.from({ length: asked }, (_, index) =>
      customer.call(index).then(
        () => '200',
        (error: unknown) =>
          error instanceof APIError ? `${error.status} ${error.code}` : String(error),
      ),
    ),
  );
  t.is(outcomes.filter((outcome) => outcome === '200').length, paidFor);
  const others = outcomes.filter((outcome) => outcome !== '200');
  t.deepEqual(
    others.filter((outcome) => !isRefusal(outcome)),
    [],
  );

  for (const program of programs) {
    const wallet = await walletOf(program, customer.token);
    t.like(wallet, { posted: '0', held: '0', available: '0' });
  }
  t.is((await settledCalls(programs[0], customer.token, paidFor)).length, paidFor);
  t.is((await callsOf(programs[1], customer.token)).length, paidFor);
  const [events = []] = await walletHistories(cluster.engines.eventstoreUrl, [walletId]);
  t.is(endsByCall(events).size, paidFor);
});

const isRefusal = (outcome: string): boolean => {
  const [status, code = ''] = outcome.split(' ');
  return status === '429' && refusals.has(code);
};
