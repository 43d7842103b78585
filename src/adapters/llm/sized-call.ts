import type { RoutedCall } from '../../domain/route/conditions.ts';
import { costTermsOf } from '../../domain/route/cost.ts';
import type { Candidate } from '../../domain/route/events.ts';
import { rank } from '../../domain/route/rank.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import { factsOf } from './call-costs.ts';
import { CallFault } from './call-fault.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { ModelCall } from './model-call.ts';
import type { WhoAnswers } from './nobody-answers.ts';
import { nobodyFor } from './nobody-answers.ts';
import type { PlanParts, Trial } from './plan-call.ts';
import { measureOf, quotesOf, tokensAtMost } from './quotes.ts';
import { withSeals } from './sealed-input.ts';
import { searching } from './search-wish.ts';
import { sessionOf } from './session-of.ts';
import type { CountedInput } from './whole-input.ts';
import type { BudgetedCall } from './within-budgets.ts';
import { affordable, atMostOf, hasRoom } from './within-budgets.ts';

/** All that is known of a call before its input is counted; throws for one that can't be made. */
export function askedOf(parts: PlanParts, call: ModelCall) {
  const { listed, terms, candidates } = behind(parts, call.facts.model, call.endpoint);
  const read = withSeals(endpoints[call.endpoint].inputOf(call.body), call.native);
  const measure = measureOf(endpoints[call.endpoint], read, listed.prices);
  const { body, tokens: found, ignored } = searching(call.body, listed.prices);
  return {
    ...{ listed, terms, candidates, read, measure, body, found, ignored },
    // Its answer is counted even when the client is gone; this is of no use then.
    input: { ...read, client: call.client },
    // Whichever candidate answers in the end, its input fits.
    readers: readersOf(parts, { terms, candidates }),
    ceiling: ceilingOf(parts, call),
  };
}
export type Asked = ReturnType<typeof askedOf>;

/** What a call may cost, by what its input comes to. */
export function sizedAs(
  { listed, measure, read: input }: Asked,
  call: ModelCall,
  { bounds, predicted: ofOne }: CountedInput,
) {
  const { alias, version, currency, prices, defaultMaxOutput } = listed;
  const predicted = call.n * ofOne;
  const given = measure.boundOf(input, { ...bounds, n: call.n });
  const atMost = { ...given, output: given.output + predicted };
  const price: PriceUsed = { alias, version, currency, prices };
  return {
    ...{ price, predicted },
    quotes: quotesOf(price, { measure, atMost, input }, call.n),
    tokens: tokensAtMost(measure, atMost, call.n),
    outputTokens: measure.output === null ? 0 : (call.outputTokens ?? defaultMaxOutput),
  };
}

interface CountedCall {
  readonly asked: Asked;
  readonly counted: CountedInput;
}

/** Who may answer a call of this size, in the order in which they are asked; throws when nobody may. */
export function answerable(parts: PlanParts, call: ModelCall, { asked, counted }: CountedCall) {
  const { terms, candidates, read: input } = asked;
  const { bounds } = counted;
  const sized = sizedAs(asked, call, counted);
  const { predicted, outputTokens } = sized;
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
    counting: { alias: call.facts.model, ...factsOf(call) },
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
  return { able, sized, routed, budgeted };
}

/** A chat is read at once; of several bare texts each by itself, and together they may be longer. */
const ceilingOf = ({ catalogue }: PlanParts, { endpoint, facts }: ModelCall) =>
  endpoint === 'chat' ? catalogue.aliasOf?.(facts.model).maxInputTokens : undefined;

/** Whoever may read a call of this alias; throws when nobody may. */
export const readersOf = (
  parts: WhoAnswers,
  { terms, candidates }: Pick<ReturnType<typeof behind>, 'terms' | 'candidates'>,
) => trialsOf(candidates, parts) ?? refused(nobodyFor(terms.candidates, parts));

/** What an alias costs, and who of those that are set up may answer for it. */
export function behind({ catalogue, upstreams }: PlanParts, alias: string, asked: EndpointName) {
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
