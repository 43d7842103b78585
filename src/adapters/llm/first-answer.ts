import { setTimeout as pause } from 'node:timers/promises';
import type { TurnParts } from './in-turn.ts';
import { inTurn } from './in-turn.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Relay } from './relay-answer.ts';
import type { Json } from './upstream.ts';
import { inUpstreamSpan } from './upstream-span.ts';
import type { UpstreamWatch } from './upstream-watch.ts';
import { budgetSpent } from './within-budgets.ts';

/** An answer that has truly begun: what came first is here. */
export type FirstAnswer = {
  /** Fields of the request that who answers was not told. */
  readonly omitted?: readonly string[] | undefined;
} & (
  | { readonly stream: false; readonly body: Json }
  | {
      readonly stream: true;
      readonly first: IteratorResult<readonly Json[]>;
      readonly rest: AsyncIterator<readonly Json[]>;
    }
);

export interface AskParts extends Omit<TurnParts, 'pause'> {
  readonly watch: UpstreamWatch;
  /** What is asked. */
  readonly body: Readonly<Json>;
  /** Output tokens of one choice that are paid for. */
  readonly maxOutput: number;
}

/** Asks the plan's upstreams, under the same hold, until one begins to answer. */
export async function firstAnswer(
  relay: Relay,
  { trials }: CallPlan,
  parts: AskParts,
): Promise<FirstAnswer> {
  const { ended } = relay;
  const turns = trials.map((trial) => ({ trial, candidate: candidateOf(trial) }));
  const inTime: TurnParts = {
    ...parts,
    pause: (ms) => pause(ms, undefined, { signal: ended }),
  };
  try {
    return await inTurn(turns, inTime, (trial) => attempt(relay, trial, parts));
  } catch (error) {
    const fault = relay.faultOf(error);
    await relay.meter.failed(fault);
    throw fault;
  }
}

const candidateOf = ({ upstream, model }: Trial) => ({ upstream: upstream.id, model });

async function attempt(
  relay: Relay,
  trial: Trial,
  { watch, ...asked }: AskParts,
): Promise<FirstAnswer> {
  if (!relay.mayAsk(trial)) throw budgetSpent();
  const ask = () => inUpstreamSpan(relay.call, trial, () => begun(relay, trial, asked));
  try {
    return await watch.ask(candidateOf(trial), ask, relay.ended);
  } catch (error) {
    relay.note(error);
    relay.attemptFailed();
    // What is ended from our side is not asked again.
    relay.ended.throwIfAborted();
    throw error;
  }
}

async function begun(
  { call, meter, ended, received, limit }: Relay,
  trial: Trial,
  { body, maxOutput }: Pick<AskParts, 'body' | 'maxOutput'>,
): Promise<FirstAnswer> {
  meter.asking(trial);
  call.asked?.(candidateOf(trial));
  ended.throwIfAborted();
  const { omitted } = trial;
  const answer = await trial.upstream.ask({
    endpoint: call.endpoint,
    model: trial.model,
    body,
    extended: call.extended ?? false,
    // What is cut where characters end is cut in our own words.
    native: limit ? undefined : call.native,
    stream: call.stream,
    maxOutput,
    signal: ended,
  });
  if (!answer.stream) {
    meter.answering(answer.partial);
    const whole = await answer.body();
    meter.firstToken();
    limit?.(whole);
    received.take(whole);
    return { stream: false, body: whole, omitted };
  }
  meter.answering();
  const rest = answer.chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  meter.firstToken();
  return { stream: true, first, rest, omitted };
}
