import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Decimal, sum } from '../../src/domain/money.ts';
import { mismatches } from '../openai/schemas.ts';
import type { Watched } from './checked-fetch.ts';
import { checkedFetch } from './checked-fetch.ts';
import type { MockUpstream } from './mock-upstream.ts';
import { startMockUpstream } from './mock-upstream.ts';
import type { CallRow, Person } from './people.ts';
import { callsOf, newCustomer, offer, sell, signIn, walletOf } from './people.ts';
import type { Program } from './program.ts';
import { newDataDir, removeDataDir, startProgram } from './program.ts';

/** What each alias is answered with; the mock reads its orders behind the model's name. */
const aliases = {
  writer: 'mock?chunks=4&input=10',
  uneven: 'mock?chunks=6&input=10&latency=30&delay=5&jitter=20&split=7&newline=crlf&comments=yes',
  wide: 'mock?chunks=3&input=10&huge=200000&output=3',
  caller: 'mock?tool=yes&chunks=1&input=10&output=5&text=It%20is%2021%20degrees.',
  former: `mock?chunks=1&input=10&output=9&text=${encodeURIComponent('{"city":"Paris","degrees":21}')}`,
  uncounted: 'mock?usage=no&chunks=5',
  endless: 'mock?chunks=1000&delay=20',
  cut: 'mock?cut=socket&delay=10&chunks=6',
  overloaded: 'mock?cut=error&delay=10&chunks=6',
  failing: 'mock?status=500',
  picky: 'mock?status=400&message=top_p%20is%20too%20small.&param=top_p',
  limited: 'mock?status=429&after=1',
} as const;

/** What hears and speaks: a hundred tokens of one, twelve of the other. */
const speaker = 'mock?chunks=4&input=105&heard=100&spoken=12';
const ofSound = { audio_input: '6', audio_output: '20' };

/** The request of the only test here that shows pictures. */
export const withPictures = ({ mock }: Pick<ClientWorld, 'mock'>) =>
  mock.asked.find(({ messages }) => JSON.stringify(messages).includes('"image_url"'));

export interface ClientWorld {
  /** For a client of OpenAI's protocol. */
  readonly baseUrl: string;
  readonly mock: MockUpstream;
  /** A member with credit, and how the member's client asks. */
  customer(credit?: string): Promise<Customer>;
  /**
   * Every call of a member has ended, charged as expected and in this order; no credit is held, and what
   * is left is what was granted less what was charged.
   */
  ends(t: ExecutionContext, customer: Customer, charges: readonly Charge[]): Promise<void>;
  close(): Promise<void>;
}

/** An amount, or: our own count of what the client had; null: released, and free. */
type Charge = string | 'estimate' | null;

export interface Customer {
  readonly key: string;
  readonly person: Person;
  readonly credit: string;
  readonly watched: Watched;
}

/** 1 CNY a million tokens of input, 2 of output. */
export const price = (input: number, output: number): string =>
  new Decimal(input)
    .plus(2 * output)
    .div(1_000_000)
    .toFixed();

/** The running program, and behind it a server that holds every request against OpenAI's schema. */
export async function clientWorld(): Promise<ClientWorld> {
  const judge = (body: unknown) => mismatches('CreateChatCompletionRequest', body);
  const mock = await startMockUpstream({ judge });
  const program = await startProgram(await newDataDir(), {
    OPENAI_LIKE_BASE_URL: `${mock.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-upstream-secret',
  });
  const adminToken = (await signIn(program)).token;
  for (const [alias, model] of Object.entries(aliases)) {
    await sell(program, adminToken, alias, model);
  }
  await offer(program, adminToken, 'speaker', { sold: speaker, prices: ofSound });
  return {
    baseUrl: `${program.url}/v1`,
    mock,
    async customer(credit = '10') {
      const person = await newCustomer(program, adminToken, credit);
      return { key: person.key, person, credit, watched: checkedFetch() };
    },
    async ends(t, customer, charges) {
      t.deepEqual(customer.watched.faults, []);
      t.deepEqual(mock.complaints, []);
      await endsCharged(t, program, customer, charges);
    },
    async close() {
      await program.stop();
      await mock.close();
      await removeDataDir(program.dataDir);
    },
  };
}

async function endsCharged(
  t: ExecutionContext,
  program: Program,
  { person, credit }: Customer,
  charges: readonly Charge[],
): Promise<void> {
  const calls = (await endedCalls(program, person, charges.length)).toReversed();
  t.deepEqual(calls.map(chargeOf), charges);
  const spent = calls.map(
    ({ status, charge }) => new Decimal(status === 'settled' ? (charge ?? 0) : 0),
  );
  const left = new Decimal(credit).minus(sum(spent)).toFixed();
  t.like(await walletOf(program, person.token), { posted: left, held: '0', available: left });
}

/** The calls once so many of them have ended, or what there is of them after ten seconds. */
async function endedCalls(
  program: Program,
  { token }: Person,
  count: number,
): Promise<readonly CallRow[]> {
  for (let attempt = 0; ; attempt += 1) {
    const calls = await callsOf(program, token);
    const isOver = calls.length >= count && calls.every(({ status }) => status !== 'open');
    if (isOver || attempt >= 100) return calls;
    await sleep(100);
  }
}

function chargeOf({ status, basis, charge }: CallRow): Charge {
  if (status !== 'settled') return null;
  return basis === 'estimate' && new Decimal(charge ?? 0).gt(0) ? 'estimate' : charge;
}
