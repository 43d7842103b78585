import type { ModelAnswer, ModelCall } from '../adapters/llm/model-call.ts';
import { callError } from './call-error.ts';
import { callIdOf } from './call-id.ts';
import type { KeyCaller } from './caller.ts';
import { ApiError } from './errors.ts';
import type { GateReason } from './ready.ts';
import type { RequestFacts } from './route.ts';
import { scenarioOf } from './scenario.ts';

export interface ModelCallParts {
  readonly answer: (call: ModelCall) => Promise<ModelAnswer>;
  /** Why no new call may begin; null: it may. */
  readonly gate: () => GateReason | null;
  /** How long a client may take nothing before its call is ended; 60 s unless said. */
  readonly stallMs?: number;
  /** How long a stream may be silent before a comment says that we are there; 15 s unless said. */
  readonly keepAliveMs?: number;
}

const usualStallMs = 60_000;
const usualKeepAliveMs = 15_000;

/** How long a stream waits for its client, and its client for it. */
export const timesOf = ({
  stallMs = usualStallMs,
  keepAliveMs = usualKeepAliveMs,
}: Pick<ModelCallParts, 'stallMs' | 'keepAliveMs'>) => ({ stallMs, keepAliveMs });

/** Of the body of a call. */
export const limitBytes = 8 * 1_024 * 1_024;

/** What a call is made of beside what its request says. */
export interface Asking {
  readonly caller: KeyCaller;
  readonly request: RequestFacts;
}

export interface MadeCall {
  readonly call: ModelCall;
  readonly answer: ModelAnswer;
  /** To be told once, when the client takes nothing any more. */
  readonly stalled: () => void;
}

/** Makes a call for whoever asked; resolves when it is answered, or has begun to be. */
export async function modelCall(
  parts: ModelCallParts,
  { caller, request }: Asking,
  asked: Omit<ModelCall, 'facts' | 'walletId' | 'client' | 'scenario'> & { readonly model: string },
): Promise<MadeCall> {
  const closed = parts.gate();
  if (closed !== null) throw new ApiError('unavailable', { why: closed });
  const { model, ...wishes } = asked;
  const scenario = scenarioOf(request.header('x-scenario'));
  const { signal, stalled } = clientOf(request.signal);
  const facts = {
    callId: callIdOf(request.id),
    memberId: caller.memberId,
    apiKeyId: caller.keyId,
    requestId: request.id,
    clientRequestId: request.clientRequestId,
    model,
  };
  const call = { ...wishes, scenario, facts, walletId: caller.walletId, client: signal };
  request.describe({ call: facts.callId, model });
  return { call, answer: await answered(parts, call), stalled };
}

async function answered({ answer }: ModelCallParts, call: ModelCall): Promise<ModelAnswer> {
  try {
    return await answer(call);
  } catch (error) {
    throw callError(error, call.facts.model);
  }
}

/** The client's presence: gone, or there and not reading. */
function clientOf(gone: AbortSignal) {
  const client = new AbortController();
  const leave = () => client.abort('client_closed');
  if (gone.aborted) leave();
  else gone.addEventListener('abort', leave, { once: true });
  return { signal: client.signal, stalled: () => client.abort('client_stalled') };
}
