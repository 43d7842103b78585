import type { ModelAnswer, ModelCall } from '../adapters/llm/model-call.ts';
import { ratesOf } from '../domain/wallet/rates.ts';
import { callError } from './call-error.ts';
import { callIdOf } from './call-id.ts';
import type { KeyCaller } from './caller.ts';
import { costWish } from './cost-wish.ts';
import { ApiError } from './errors.ts';
import { refuseForbidden } from './permission.ts';
import { rateHeaders } from './rate-headers.ts';
import type { GateReason } from './ready.ts';
import type { RequestFacts } from './route.ts';
import { scenarioOf } from './scenario.ts';

export interface AliasParts {
  /** The alias that answers for a name, or for none; undefined: there is none. Absent: every name is one. */
  readonly aliasFor?: (name: string | undefined) => string | undefined;
  /** By which a plan is over; the machine's unless said. */
  readonly clock?: () => Date;
}

export interface ModelCallParts extends AliasParts {
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

/** Of the body of a call that is all text. */
export const limitBytes = 8 * 1_024 * 1_024;

/** Of one that may have pictures, sounds and files in it: what Anthropic takes, and more than others do. */
export const mediaLimitBytes = 32 * 1_024 * 1_024;

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

/** What a call asks for beside what its caller and its headers say. */
export type Asked = Pick<
  ModelCall,
  | 'endpoint'
  | 'body'
  | 'native'
  | 'nameOf'
  | 'extended'
  | 'stream'
  | 'n'
  | 'outputTokens'
  | 'wantsUsage'
> & { readonly model: string | null | undefined };

/** Makes a call for whoever asked; resolves when it is answered, or has begun to be. */
export async function modelCall(
  parts: ModelCallParts,
  asking: Asking,
  { model, ...asked }: Asked,
): Promise<MadeCall> {
  const closed = parts.gate();
  if (closed !== null) throw new ApiError('unavailable', { why: closed });
  const { caller, request } = asking;
  const { alias, scenario } = permitted(parts, asking, model);
  const transparent = isTransparent(asking);
  const wish = costWish(asked.body, request.header('x-include-cost'));
  const native = asked.native && costWish(asked.native, '');
  const wantsCost = wish.wantsCost || (native?.wantsCost ?? false);
  const { signal, stalled } = clientOf(request.signal);
  const facts = {
    callId: callIdOf(request.id),
    memberId: caller.memberId,
    apiKeyId: caller.keyId,
    requestId: request.id,
    clientRequestId: request.clientRequestId,
    model: alias,
  };
  const call: ModelCall = {
    ...{ ...asked, ...carriedBy(caller), body: wish.body, wantsCost, scenario, transparent, facts },
    ...(native && { native: native.body }),
    wantsUsage: asked.wantsUsage || wantsCost,
    walletId: caller.walletId,
    client: signal,
    limited: (room) => request.answerWith(rateHeaders(room)),
    asked: ({ upstream, model: real }) => {
      if (transparent) {
        request.answerWith({ 'x-upstream': upstream, 'x-upstream-model': inHeader(real) });
      }
    },
  };
  request.describe({ call: facts.callId, model: alias });
  return { call, answer: await answered(parts, call), stalled };
}

/** A header has room for ASCII alone; a name that is more is written as in an address. */
const inHeader = (name: string): string =>
  name.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent);

/** What a key's member is known by to routes and limits. */
const carriedBy = ({ plan, clientApp }: KeyCaller) => ({
  plan: plan?.id,
  clientApp: clientApp ?? undefined,
  rates: plan ? ratesOf(`plan:${plan.id}`, plan.limits) : [],
});

/** The alias that a call gets, and what it is for, when both are permitted; throws otherwise. */
export function permitted(
  { aliasFor = (name) => name, clock = () => new Date() }: AliasParts,
  { caller, request }: Asking,
  model: string | null | undefined,
) {
  const name = model ?? undefined;
  const alias = aliasFor(name);
  if (alias === undefined) {
    if (name === undefined)
      throw new ApiError('invalid_request', { param: 'model', why: 'model_missing' });
    throw new ApiError('model_not_found', { param: 'model', values: { model: name } });
  }
  const scenario =
    scenarioOf(request.header('x-scenario')) ?? caller.permits?.scenario ?? undefined;
  refuseForbidden(caller, { alias, scenario, endpoint: request.endpoint }, clock());
  return { alias, scenario };
}

function isTransparent({ caller, request }: Asking): boolean {
  if (request.header('x-transparent').toLowerCase() !== 'true') return false;
  if (!caller.admin) throw new ApiError('forbidden', { param: 'x-transparent' });
  return true;
}

async function answered({ answer }: ModelCallParts, call: ModelCall): Promise<ModelAnswer> {
  try {
    return await answer(call);
  } catch (error) {
    throw faultOf(error, call);
  }
}

/** A call's error as its caller is told it. */
export const faultOf = (error: unknown, { facts, transparent }: ModelCall): unknown =>
  callError(error, facts.model, transparent);

/** The client's presence: gone, or there and not reading. */
function clientOf(gone: AbortSignal) {
  const client = new AbortController();
  const leave = () => client.abort('client_closed');
  if (gone.aborted) leave();
  else gone.addEventListener('abort', leave, { once: true });
  return { signal: client.signal, stalled: () => client.abort('client_stalled') };
}
