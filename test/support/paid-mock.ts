import type { ExecutionContext } from 'ava';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import { openAiUpstream } from '../../src/adapters/llm/openai.ts';
import { vocabulary } from '../../src/adapters/llm/tokenizer.ts';
import type {
  Json,
  Upstream,
  UpstreamAnswer,
  UpstreamRequest,
} from '../../src/adapters/llm/upstream.ts';
import { Decimal } from '../../src/domain/money.ts';
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
      const models = [model].flat().map((each) => ({ upstream: 'mock', model: each }));
      return paidCalls({ upstreams: [hurries ? impatient : patient], models, ...options });
    },
    async close() {
      await Promise.all([patient.close(), impatient.close()]);
      await mock.close();
    },
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
    timeouts: { connectMs: 5_000, firstTokenMs: silenceMs, idleMs: silenceMs },
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

/** CNY 1 a million input tokens, 0.5 cached, 3 output. */
export const cost = (input: number, output: number, cached = 0): string =>
  new Decimal(input)
    .plus(new Decimal(cached).times('0.5'))
    .plus(3 * output)
    .div(1_000_000)
    .toFixed();

/** One call, one end, nothing open. */
export async function endsWith(
  t: ExecutionContext,
  calls: PaidCalls,
  type: 'UsageSettled' | 'ReservationReleased',
  expected: Json,
): Promise<void> {
  await eventually(() => calls.ends().length > 0);
  const [end, ...more] = calls.ends();
  t.deepEqual(more, []);
  t.is(end?.type, type);
  t.like(end?.data, expected);
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
