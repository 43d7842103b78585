import type { ExecutionContext } from 'ava';
import { z } from 'zod';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import { openAiUpstream } from '../../src/adapters/llm/openai.ts';
import { vocabulary } from '../../src/adapters/llm/tokenizer.ts';
import type {
  Json,
  Upstream,
  UpstreamAnswer,
  UpstreamRequest,
} from '../../src/adapters/llm/upstream.ts';
import { Leg } from '../../src/domain/accounts.ts';
import { canonical, Decimal, money, opposite, sum } from '../../src/domain/money.ts';
import { rate } from '../../src/domain/price-list/rating.ts';
import { BookedCost, Cost } from '../../src/domain/wallet/call-events.ts';
import { eventually } from './eventually.ts';
import type { MockUpstream } from './mock-upstream.ts';
import { startMockUpstream } from './mock-upstream.ts';
import type { PaidCalls } from './paid-calls.ts';
import { paidCalls } from './paid-calls.ts';

export interface PaidMock {
  readonly adapter: Upstream;
  readonly mock: MockUpstream;
  /** Calls on one model of the mock, or on several, tried in their order. */
  on(model: string | readonly string[], options?: PaidMockOptions): Promise<PaidCalls>;
  close(): Promise<void>;
}

interface PaidMockOptions extends Partial<Parameters<typeof paidCalls>[0]> {
  /** The adapter loses its patience after a second instead of 20. */
  readonly impatient?: boolean;
}

/** A mock upstream behind the real adapter, and wallets that pay for it. */
export async function paidMock(): Promise<PaidMock> {
  const [mock] = await Promise.all([startMockUpstream(), vocabulary('o200k_base')]);
  const patient = adapter(`${mock.url}/v1`, 20_000);
  const impatient = adapter(`${mock.url}/v1`, 1_000);
  return {
    mock,
    adapter: patient,
    on(model, { impatient: hurries = false, ...options } = {}) {
      const models = [model].flat().map((each) => ({
        ...{ upstream: 'mock', model: each, cost: mockCost },
      }));
      return paidCalls({ upstreams: [hurries ? impatient : patient], models, ...options });
    },
    async close() {
      await Promise.all([patient.close(), impatient.close()]);
      await mock.close();
    },
  };
}

interface Hooks {
  before(title: string, run: () => Promise<void>): void;
  readonly after: { always(title: string, run: () => Promise<void>): void };
}

/** One for all tests of a file, from before the first to after the last. */
export function paidMockFor(test: Hooks): PaidMock {
  let started: PaidMock | undefined;
  test.before('the upstream starts', async () => {
    started = await paidMock();
  });
  test.after.always('the upstream stops', async () => {
    await started?.close();
  });
  const upstream = (): PaidMock => {
    if (!started) throw new Error('The upstream has not started.');
    return started;
  };
  return {
    get adapter() {
      return upstream().adapter;
    },
    get mock() {
      return upstream().mock;
    },
    on: (model, options) => upstream().on(model, options),
    close: () => upstream().close(),
  };
}

export const adapter = (
  baseUrl: string,
  silenceMs: number,
): Upstream & { close(): Promise<void> } =>
  openAiUpstream({
    id: 'mock',
    baseUrl,
    apiKey: 'sk-secret',
    outputLimit: 'max_tokens',
    timeouts: { connectMs: 5_000, firstTokenMs: silenceMs, wholeMs: silenceMs, idleMs: silenceMs },
  });

/** An upstream that also tells when it has begun to answer. */
export function watched(upstream: Upstream): {
  readonly upstream: Upstream;
  readonly answering: Promise<UpstreamAnswer>;
} {
  const begun = Promise.withResolvers<UpstreamAnswer>();
  const ask = async (request: UpstreamRequest) => {
    const answer = await upstream.ask(request);
    // A turn later, so that whoever asked knows it first.
    setImmediate(() => begun.resolve(answer));
    return answer;
  };
  return { upstream: { ...upstream, ask }, answering: begun.promise };
}

/** "Hello" and what a template puts around it, as the mock's family counts. */
export const helloTokens = 8;

/** CNY 1 a million input tokens, 0.5 cached, 3 output. */
export const cost = (input: number, output: number, cached = 0): string =>
  new Decimal(input)
    .plus(new Decimal(cached).times('0.5'))
    .plus(3 * output)
    .div(1_000_000)
    .toFixed();

/** What the mock charges us; nothing like what members pay. */
const mockCost = { currency: 'USD', input: '0.2', cachedInput: '0.1', output: '0.9' };

/** USD 0.2 a million input tokens, 0.1 cached, 0.9 output. */
export const ourCost = (input: number, output: number, cached = 0): string =>
  canonical(
    new Decimal(input)
      .times('0.2')
      .plus(new Decimal(cached).times('0.1'))
      .plus(new Decimal(output).times('0.9'))
      .div(1_000_000),
  );

const Booked = z.object({
  costs: z.array(BookedCost),
  possibleCosts: z.array(Cost).default([]),
  legs: z.array(Leg),
});

export const sumOf = (amounts: readonly string[]): string =>
  canonical(sum(amounts.map((amount) => money(amount))));

const amountsOf = (lines: readonly { readonly amount: string }[]) =>
  lines.map(({ amount }) => amount);

/** What is booked as cost of an end, attempt by attempt; the books have the sum of it, and owe it. */
export function costsOf(t: ExecutionContext, data: Json): readonly string[] {
  const { costs, possibleCosts, legs } = Booked.parse(data);
  const usd = legs.filter(({ asset }) => asset === 'USD');
  const on = (account: string) => sumOf(amountsOf(usd.filter((leg) => leg.account === account)));
  t.is(on('cogs:llm:mock'), sumOf(amountsOf(costs)));
  t.is(sumOf([on('cogs:llm:mock'), on('suspense')]), opposite(on('payable:llm:mock')));
  if (possibleCosts.length > 0) t.is(on('suspense'), sumOf(amountsOf(possibleCosts)));
  for (const { rated, amount } of costs) {
    if (rated) t.is(canonical(rate(rated.usage, rated.prices)), amount);
  }
  return costs.map(({ amount }) => amount);
}

/** What is left in `suspense` after some ends, by currency. */
export function suspenseOf(ends: readonly { readonly data: Json }[]) {
  const sums: Record<string, string> = {};
  for (const { account, asset, amount } of ends.flatMap(({ data }) => Booked.parse(data).legs)) {
    if (account === 'suspense') sums[asset] = sumOf([sums[asset] ?? '0', amount]);
  }
  return sums;
}

/** One call, one end, nothing open; `costs`: what the mock charges for each attempt that it answered. */
export async function endsWith(
  t: ExecutionContext,
  calls: PaidCalls,
  type: 'UsageSettled' | 'ReservationReleased',
  { costs, ...expected }: Json & { readonly costs?: readonly string[] },
): Promise<void> {
  await eventually(() => calls.ends().length > 0);
  const [end, ...more] = calls.ends();
  t.deepEqual(more, []);
  t.is(end?.type, type);
  t.like(end?.data, expected);
  const booked = costsOf(t, end?.data ?? {});
  if (costs) t.deepEqual(booked, costs);
  const { holds } = await calls.wallet();
  t.is(holds.size, 0);
  await eventually(() => calls.metered.inFlight() === 0);
}

/** The code of the fault that a call ends in. */
export const faultOf = async (
  t: ExecutionContext,
  call: Promise<unknown>,
): Promise<string | undefined> => (await t.throwsAsync(call, { instanceOf: CallFault }))?.code;

/** Another process finds the one hold that is open, as after a crash of the one that has it. */
export async function crashed(calls: PaidCalls): Promise<void> {
  const [hold] = (await calls.wallet()).holds.values();
  await calls.expire(hold?.call.callId ?? '');
}
