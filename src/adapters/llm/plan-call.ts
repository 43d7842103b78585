import type { AliasTerms } from '../../domain/alias/events.ts';
import type { ClientAppTerms } from '../../domain/client-app/events.ts';
import type { RoutedCall } from '../../domain/route/conditions.ts';
import type { CostTerms } from '../../domain/route/cost.ts';
import { costTermsOf } from '../../domain/route/cost.ts';
import type { Candidate, HangUp, RouteTerms } from '../../domain/route/events.ts';
import { rank } from '../../domain/route/rank.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import type { MayCost, Quote } from '../../domain/wallet/commands.ts';
import type { Budgets, CallBudget } from './budgets.ts';
import { factsOf, mayCostAt } from './call-costs.ts';
import { CallFault } from './call-fault.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Bounds, Measure } from './endpoints/measure.ts';
import type { Input } from './input.ts';
import { leastOmitting } from './least-omitting.ts';
import type { ModelCall } from './model-call.ts';
import type { WhoAnswers } from './nobody-answers.ts';
import { nobodyFor } from './nobody-answers.ts';
import { measureOf, quotesOf, tokensAtMost } from './quotes.ts';
import { withSeals } from './sealed-input.ts';
import { searching } from './search-wish.ts';
import { sessionOf } from './session-of.ts';
import type { Family } from './tokenizer.ts';
import type { Json, Upstream } from './upstream.ts';
import type { UpstreamWatch } from './upstream-watch.ts';
import { inputBounds, mostInputTokens, predictedBound, refuseUncounted } from './whole-input.ts';
import type { BudgetedCall } from './within-budgets.ts';
import { affordable, atMostOf, hasRoom, openBudget } from './within-budgets.ts';

/** What an alias costs and who answers for it, as this process knows it now. */
export interface Catalogue {
  /** In force now. */
  priceOf(alias: string): (PriceUsed & { readonly defaultMaxOutput: number }) | undefined;
  routeOf(alias: string): RouteTerms | undefined;
  /** Absent: no alias has defaults or limits. */
  aliasOf?(alias: string): AliasTerms;
  /** Absent: no client app has any. */
  clientAppOf?(id: string): ClientAppTerms;
}

/** One upstream model that may answer a call. */
export interface Trial {
  readonly upstream: Upstream;
  readonly model: string;
  readonly family: Family;
  /** Undefined: nobody said what it costs us. */
  readonly cost: CostTerms | undefined;
  /** Fields that the caller sent and it is not told. */
  readonly omitted?: readonly string[];
}

/** A call with its price, its bound and the upstreams to try. */
export interface CallPlan {
  readonly trials: readonly [Trial, ...Trial[]];
  readonly price: PriceUsed;
  /** In the order they are tried: allowances first, money last. */
  readonly quotes: readonly Quote[];
  /** The bound in tokens. */
  readonly tokens: Omit<Quote, 'asset'>;
  readonly outputTokens: number;
  /** What the first of the trials may charge us; undefined: nobody said. */
  readonly mayCost: MayCost | undefined;
  readonly input: Input;
  readonly bounds: Bounds;
  /** Tokens of a prediction that may be billed beside what is written, for all choices together. */
  readonly predicted: number;
  /** Undefined where there are no budgets. */
  readonly budget: CallBudget | undefined;
  /** How it is counted. */
  readonly measure: Measure;
  /** What the upstream is asked: the member's body, less what is ignored. */
  readonly body: Readonly<Json>;
  readonly ignored: readonly string[];
  /** What becomes of its answer when its client hangs up. */
  readonly hangUp: HangUp;
}

export interface PlanParts extends WhoAnswers {
  readonly catalogue: Catalogue;
  readonly watch: Pick<UpstreamWatch, 'observe'>;
  /** Left out: calls may cost anything. */
  readonly budgets?: Budgets;
  readonly clock: () => Date;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** Plans a call, or refuses it before anything is reserved. */
export async function planCall(parts: PlanParts, call: ModelCall): Promise<CallPlan> {
  const { model: alias } = call.facts;
  const { listed, terms, candidates } = behind(parts, alias, call.endpoint);
  const endpoint = endpoints[call.endpoint];
  const { alias: name, version, currency, prices, defaultMaxOutput } = listed;
  const input = withSeals(endpoint.inputOf(call.body), call.native);
  const measure = measureOf(endpoint, input, prices);
  const { body, tokens: found, ignored } = searching(call.body, prices);
  const readers = trialsOf(candidates, parts) ?? refused(nobodyFor(terms.candidates, parts));
  // Whichever candidate answers in the end, its input fits.
  const ceiling = ceilingOf(parts, call);
  // Its answer is counted even when the client is gone; this is of no use then.
  const planned = { ...input, client: call.client };
  const bounds = await inputBounds(readers, planned, found, ceiling);
  const predicted = call.n * (await predictedBound(readers, planned));
  const given = measure.boundOf(input, { ...bounds, n: call.n });
  const atMost = { ...given, output: given.output + predicted };
  const outputTokens = measure.output === null ? 0 : (call.outputTokens ?? defaultMaxOutput);
  const routed: RoutedCall = {
    apiKeyId: call.facts.apiKeyId,
    plan: call.plan,
    clientApp: call.clientApp,
    scenario: call.scenario,
    inputTokens: bounds.input + bounds.heard,
    outputTokens: outputTokens * call.n,
    speaks: input.voice !== undefined,
    atMost: atMostOf(call, { input, bounds, predicted }),
    at: parts.clock(),
    session: terms.sticky ? sessionOf(call, bounds.input) : undefined,
  };
  const budgeted: BudgetedCall = {
    ...{ budgets: parts.budgets, callId: call.facts.callId, size: routed },
    counting: { alias, ...factsOf(call) },
  };
  const ranked = rank({
    terms: { ...terms, candidates },
    call: routed,
    observe: parts.watch.observe,
    hasRoom: hasRoom(budgeted),
    random: parts.random,
  });
  const able =
    trialsOf(affordable(budgeted, ranked), parts) ??
    refused(nobodyFor(terms.candidates, parts, routed));
  const trials = leastOmitting(able, { ...call, body });
  const { upstream, cost } = trials[0];
  const price: PriceUsed = { alias: name, version, currency, prices };
  return {
    trials,
    price,
    quotes: quotesOf(price, { measure, atMost, input }, call.n),
    tokens: tokensAtMost(measure, atMost, call.n),
    outputTokens,
    mayCost: mayCostAt(trials[0], { ...routed, n: call.n }),
    input,
    hangUp: terms.hangUp ?? 'cancel',
    bounds,
    predicted,
    budget: openBudget(budgeted, { upstream: upstream.id, cost }),
    measure,
    body,
    ignored,
  };
}

/** A request that nothing is asked of but how long it is. */
export interface CountedRequest extends Pick<ModelCall, 'body' | 'nameOf'> {
  readonly model: string;
  readonly client: AbortSignal;
}

/** How many tokens a request's input has, by the vocabularies of who may answer it; reserves nothing. */
export async function countInput(
  parts: PlanParts,
  { model, body, client }: CountedRequest,
): Promise<number> {
  const { terms, candidates } = behind(parts, model, 'chat');
  const trials = trialsOf(candidates, parts) ?? refused(nobodyFor(terms.candidates, parts));
  const input = endpoints.chat.inputOf(body);
  refuseUncounted(input);
  return await mostInputTokens(trials, { ...input, client });
}

/** A chat is read at once; of several bare texts each by itself, and together they may be longer. */
const ceilingOf = ({ catalogue }: PlanParts, { endpoint, facts }: ModelCall) =>
  endpoint === 'chat' ? catalogue.aliasOf?.(facts.model).maxInputTokens : undefined;

/** What an alias costs, and who of those that are set up may answer for it. */
function behind({ catalogue, upstreams }: PlanParts, alias: string, asked: EndpointName) {
  const listed = catalogue.priceOf(alias);
  const terms = catalogue.routeOf(alias);
  if (!(listed && terms)) {
    throw new CallFault('model_not_found', 'There is no such model.', { param: 'model' });
  }
  const setUp = terms.candidates.filter(({ upstream }) => upstreams.has(upstream));
  const candidates = setUp.filter(({ upstream }) => upstreams.get(upstream)?.serves(asked));
  if (setUp.length > 0 && candidates.length === 0) {
    throw new CallFault('unsupported_input', 'No upstream of this model answers such questions.', {
      param: 'model',
      why: 'not_served',
    });
  }
  return { listed, terms, candidates };
}

/** Undefined when there is none. */
function trialsOf(
  candidates: readonly Candidate[],
  { upstreams }: WhoAnswers,
): readonly [Trial, ...Trial[]] | undefined {
  const [first, ...more] = candidates.flatMap(({ upstream: id, model, ...candidate }) => {
    const upstream = upstreams.get(id);
    if (!upstream) return [];
    return [{ upstream, model, family: upstream.family(model), cost: costTermsOf(candidate) }];
  });
  return first && [first, ...more];
}

function refused(fault: CallFault): never {
  throw fault;
}
