import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import { bodyWith, withDefaults } from './alias-defaults.ts';
import type { Rewritten } from './as-asked.ts';
import { asAsked } from './as-asked.ts';
import { callCosts, factsOf } from './call-costs.ts';
import { callEvidence } from './call-evidence.ts';
import { CallFault } from './call-fault.ts';
import type { HoldParts } from './call-hold.ts';
import { checkCredit } from './call-hold.ts';
import type { CallInFlight } from './calls-in-flight.ts';
import { callsInFlight } from './calls-in-flight.ts';
import { characterLimit } from './character-limit.ts';
import { answerIdOf } from './disguise.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { firstAnswer } from './first-answer.ts';
import type { Patience } from './in-time.ts';
import type { Retrying } from './in-turn.ts';
import type { Journal } from './journal.ts';
import type { Cut } from './meter.ts';
import { meter } from './meter.ts';
import type { ModelAnswer, ModelCall } from './model-call.ts';
import type { CountedRequest, PlanParts } from './plan-call.ts';
import { countInput, planCall } from './plan-call.ts';
import { received } from './received.ts';
import type { Relay } from './relay-answer.ts';
import { relayBody, relayChunks } from './relay-answer.ts';
import { tracedHold } from './traced-hold.ts';
import type { UpstreamWatch } from './upstream-watch.ts';

export interface MeteredParts extends PlanParts, Omit<HoldParts, 'background'> {
  /** The longest a call may take, its client's reading included. */
  readonly totalMs: number;
  readonly journal: Journal;
  readonly watch: UpstreamWatch;
  readonly scenarios: Pick<ScenarioNames, 'counted'>;
  readonly retrying: Retrying;
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs: () => number;
  /** How long an answer waits for its charge. */
  readonly patience?: Patience;
}

export interface Metered {
  /**
   * Holds what a call may cost, asks the upstream, and charges what was consumed, exactly once,
   * however the call ends. Throws `CallFault`, or what the wallet refuses with.
   */
  readonly answer: (call: ModelCall) => Promise<ModelAnswer>;
  /** How many tokens of input a call would have; throws `CallFault` for one that can't be made. */
  readonly countInput: (asked: CountedRequest) => Promise<number>;
  /** Calls whose hold may be open. */
  readonly inFlight: () => number;
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Upstreams that are paid for: no call without a hold, no hold without an end. */
export function metered(parts: MeteredParts): Metered {
  const calls = callsInFlight();
  const { aliasOf } = parts.catalogue;
  const holdParts: HoldParts = { ...parts, background: calls.background };
  return {
    inFlight: calls.inFlight,
    drain: calls.drain,
    countInput(asked) {
      const filled = bodyWith({ ...asked, endpoint: 'chat' }, aliasOf?.(asked.model));
      const request = { ...asked, ...filled };
      return told(request, countInput(parts, request));
    },
    answer(asked) {
      if (calls.isDraining()) return Promise.reject(endedBy('shut_down'));
      const call = withDefaults(asked, parts.catalogue);
      return told(call, paid(parts, holdParts, { call, flight: calls.open() }));
    },
  };
}

/** What goes wrong is told in the words of who asks. */
const told = <Answer>(asked: Rewritten, answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw asAsked(error, asked);
  });

interface Running {
  readonly call: ModelCall;
  readonly flight: CallInFlight;
}

/** Plans and holds; a call that gets no further leaves nothing open. */
async function held(parts: MeteredParts, holdParts: HoldParts, { call, flight }: Running) {
  try {
    const plan = await planCall(parts, call, (least) => checkCredit(holdParts, call, least));
    try {
      if (call.client.aborted) throw endedBy('client_closed');
      return { plan, hold: await tracedHold(holdParts, call, plan) };
    } catch (error) {
      plan.budget?.forget();
      throw error;
    }
  } catch (error) {
    flight.over();
    throw error;
  }
}

async function paid(
  parts: MeteredParts,
  holdParts: HoldParts,
  running: Running,
): Promise<ModelAnswer> {
  const { call, flight } = running;
  const { plan, hold } = await held(parts, holdParts, running);
  const { clock, patience, scenarios } = parts;
  const endpoint = endpoints[call.endpoint];
  const text = received(endpoint);
  // Whoever can't pay for a call takes no name's place.
  const scenario = scenarios.counted(call.scenario, clock().toISOString());
  if (scenario !== call.scenario) {
    parts.log.debug({ call: call.facts.callId }, 'its scenario is one too many to be counted');
  }
  const facts = factsOf({ ...call, scenario });
  const costs = callCosts({ call, plan, hold, received: text, facts });
  const evidence = callEvidence({
    ...{ journal: parts.journal, processId: parts.processId, log: parts.log },
    ...{ call, plan, hold, received: text, costs, beganAt: clock() },
  });
  const counter = meter({ call, plan, hold, received: text, evidence, costs, clock, patience });
  void counter.over.then(flight.over);
  void counter.over.then(plan.budget?.over);
  // An answer that has begun may be worth its price to us as a whole alone.
  const drains = () => plan.hangUp === 'drain' && counter.isAnswering();
  void counter.over.then(watch(flight, { client: call.client, drains, totalMs: parts.totalMs }));
  const cut = () => void counter.cut(cutOf(flight.ended));
  if (flight.ended.aborted) cut();
  else flight.ended.addEventListener('abort', cut, { once: true });
  const relay: Relay = {
    call,
    endpoint,
    meter: counter,
    received: text,
    limit: hold.characters === null ? undefined : characterLimit(hold.characters, endpoint),
    ended: flight.ended,
    drains: () => drains() && call.client.aborted && call.client.reason !== 'client_stalled',
    mayAsk: costs.mayAsk,
    attemptFailed() {
      counter.attemptFailed();
      // What is read for nobody is not asked for again.
      if (call.client.aborted) flight.cut('client_closed');
    },
    faultOf: (error) => (flight.ended.aborted ? endedBy(cutOf(flight.ended)) : error),
    note: (error) =>
      parts.log.info({ err: error, call: call.facts.callId }, 'a call did not end well'),
    mask: {
      id: answerIdOf(endpoint.idPrefix, call.facts.callId),
      alias: call.facts.model,
      isNamed: endpoint.namesModel,
      created: Math.floor(clock().getTime() / 1_000),
      transparent: call.transparent ?? false,
    },
    charge: hold.charge,
  };
  const { body } = plan;
  const first = await firstAnswer(relay, plan, { ...parts, body, maxOutput: hold.maxOutput });
  const ignored = [...plan.ignored, ...(first.omitted ?? [])];
  return first.stream
    ? { stream: true, chunks: relayChunks(relay, first), ended: flight.ended, ignored }
    : { stream: false, body: await relayBody(relay, first.body), ignored };
}

interface Watched {
  readonly client: AbortSignal;
  /** A client that hangs up ends nothing. */
  readonly drains: () => boolean;
  readonly totalMs: number;
}

/** Ends a call when its client goes or its time is up. */
function watch({ cut }: CallInFlight, { client, drains, totalMs }: Watched): () => void {
  const gone = () => {
    if (client.reason === 'client_stalled') cut('client_stalled');
    else if (!drains()) cut('client_closed');
  };
  const timer = setTimeout(() => cut('timed_out'), totalMs);
  if (client.aborted) gone();
  else client.addEventListener('abort', gone, { once: true });
  return () => {
    clearTimeout(timer);
    client.removeEventListener('abort', gone);
  };
}

const cutOf = ({ reason }: AbortSignal): Cut => {
  switch (reason) {
    case 'client_stalled':
    case 'timed_out':
    case 'shut_down':
      return reason;
    default:
      return 'client_closed';
  }
};

const explanations: Readonly<Record<Cut, string>> = {
  client_closed: 'The client closed the connection.',
  client_stalled: 'The client stopped reading.',
  timed_out: 'The call took too long and was ended.',
  shut_down: 'The server is being restarted; the answer is not complete.',
};

const endedBy = (cut: Cut): CallFault => new CallFault(cut, explanations[cut]);
