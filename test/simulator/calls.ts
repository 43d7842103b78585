import { setTimeout as sleep } from 'node:timers/promises';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import type { ModelAnswer, ModelCall } from '../../src/adapters/llm/model-call.ts';
import { nameId } from '../../src/domain/ids.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { Chance } from './chance.ts';
import type { SimulatedProcess } from './process.ts';
import type { Schedule } from './schedule.ts';

/** One call as its client saw it. */
export interface ClientCall {
  readonly callId: string;
  readonly walletId: string;
  readonly process: SimulatedProcess;
  /** `complete`: the client holds a whole answer; undefined: it was never told. */
  end: 'complete' | 'refused' | 'failed' | 'left' | undefined;
  /** Why it was refused, or failed. */
  code: string | undefined;
}

interface CallParts {
  readonly random: Chance;
  readonly schedule: Schedule;
}

/** A client that calls, reads at its own speed, and may go away at any moment. */
export function callFrom(
  { random, schedule }: CallParts,
  process: SimulatedProcess,
  walletId: string,
): ClientCall {
  const callId = random.uuid();
  const call: ClientCall = { callId, walletId, process, end: undefined, code: undefined };
  const gone = new AbortController();
  const asked = chatCall(random, call, gone.signal);
  const readsMs = random.pick([0, 0, 20, 400]);
  const leavesAfter = random.is(0.08) ? random.whole(0, 3) : Number.POSITIVE_INFINITY;
  if (random.is(0.1)) {
    const leave = () => gone.abort(random.is(0.3) ? 'client_stalled' : undefined);
    schedule.after(random.between(0, 2_500), leave, { owner: process, label: `${callId} leaves` });
  }

  const ends = (end: ClientCall['end'], code?: string) => {
    call.end = end;
    call.code = code;
    schedule.note(`${process.name}: client of ${callId.slice(0, 8)}: ${end} ${code ?? ''}`);
  };
  const read = async (answer: ModelAnswer) => {
    if (!answer.stream) return ends('complete');
    let batches = 0;
    for await (const _ of answer.chunks) {
      if (readsMs > 0) await sleep(readsMs);
      batches += 1;
      if (batches > leavesAfter) return ends('left');
    }
    ends('complete');
  };

  process.start(async () => {
    schedule.note(`${process.name}: call ${callId.slice(0, 8)} on ${walletId.slice(0, 4)}`);
    try {
      if (!process.isReady()) return ends('refused', 'not_ready');
      await read(await process.metered.answer(asked));
    } catch (error) {
      ends(error instanceof Rejection ? 'refused' : 'failed', codeOf(error));
    }
  });
  return call;
}

function codeOf(error: unknown): string {
  if (error instanceof Rejection || error instanceof CallFault) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

export const memberId = nameId('member');

function chatCall(
  random: Chance,
  { callId, walletId }: ClientCall,
  client: AbortSignal,
): ModelCall {
  const stream = random.is(0.7);
  return {
    facts: {
      callId,
      memberId,
      apiKeyId: nameId(`key ${random.whole(0, 1)}`),
      requestId: `req_${callId}`,
      clientRequestId: null,
      model: random.pick(['demo', 'demo', 'other']),
    },
    walletId,
    endpoint: 'chat',
    body: { messages: [{ role: 'user', content: 'Hello' }], user: callId },
    stream,
    n: 1,
    outputTokens: random.pick([64, 64, 16, 200]),
    wantsUsage: random.is(0.5),
    client,
  };
}
