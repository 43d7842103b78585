import { Decimal, zero } from '../../domain/money.ts';
import { dearestInput, perToken } from '../../domain/price-list/rating.ts';
import type { Candidate } from '../../domain/route/events.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import type { Quote } from '../../domain/wallet/commands.ts';
import { CallFault } from './call-fault.ts';
import type { ChatCall } from './chat-call.ts';
import type { Input } from './input.ts';
import { inputBound, inputOf, inputTokens } from './input.ts';
import type { Family } from './tokenizer.ts';
import { trialOrder } from './trial-order.ts';
import type { Json, Upstream } from './upstream.ts';

/** What an alias costs and who answers for it, as this process knows it now. */
export interface Catalogue {
  priceOf(alias: string): (PriceUsed & { readonly defaultMaxOutput: number }) | undefined;
  routeOf(alias: string): readonly Candidate[] | undefined;
}

/** One upstream model that may answer a call. */
export interface Trial {
  readonly upstream: Upstream;
  readonly model: string;
  readonly family: Family;
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
  readonly input: Input;
  readonly inputBound: number;
}

export interface PlanParts {
  readonly catalogue: Catalogue;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** Plans a call, or refuses it before anything is reserved. */
export async function planCall(parts: PlanParts, call: ChatCall): Promise<CallPlan> {
  const { model: alias } = call.facts;
  const { listed, trials } = behind(parts, alias);
  const input = inputOf(call.body);
  const bound = await widestBound(trials, input);
  const { alias: name, version, currency, prices, defaultMaxOutput } = listed;
  const price: PriceUsed = { alias: name, version, currency, prices };
  return {
    trials,
    price,
    quotes: quotesOf(price, { tokens: bound, characters: input.characters }, call.n),
    tokens: { fixed: new Decimal(bound), perOutput: new Decimal(call.n) },
    outputTokens: call.outputTokens ?? defaultMaxOutput,
    input,
    inputBound: bound,
  };
}

/** How many tokens a request's input has, by the vocabularies of who may answer it; reserves nothing. */
export async function countInput(
  parts: PlanParts,
  { model, body }: { readonly model: string; readonly body: Readonly<Json> },
): Promise<number> {
  const { trials } = behind(parts, model);
  const input = inputOf(body);
  const families = [...new Set(trials.map(({ family }) => family))];
  return Math.max(...(await Promise.all(families.map((family) => inputTokens(family, input)))));
}

/** What an alias costs, and who answers for it in which order. */
function behind(parts: PlanParts, alias: string) {
  const listed = parts.catalogue.priceOf(alias);
  const candidates = parts.catalogue.routeOf(alias);
  if (!(listed && candidates)) {
    throw new CallFault('model_not_found', 'There is no such model.', { param: 'model' });
  }
  return { listed, trials: trialsOf(candidates, parts) };
}

function trialsOf(
  candidates: readonly Candidate[],
  { upstreams, random }: PlanParts,
): readonly [Trial, ...Trial[]] {
  const [first, ...more] = trialOrder(candidates, random).flatMap((candidate) => {
    const upstream = upstreams.get(candidate.upstream);
    const { model } = candidate;
    return upstream ? [{ upstream, model, family: upstream.family(model) }] : [];
  });
  if (!first) {
    throw new CallFault('model_unavailable', 'No upstream of this model is set up.', {
      param: 'model',
    });
  }
  return [first, ...more];
}

/** Whichever candidate answers in the end, its input fits. */
async function widestBound(trials: readonly Trial[], input: Input): Promise<number> {
  const families = new Set(trials.map(({ family }) => family));
  const bounds = await Promise.all([...families].map((family) => inputBound(family, input)));
  return Math.max(...bounds);
}

/** So many code points of answer a token pays for, at most. */
const charactersPerToken = 4;

function quotesOf(
  { currency, prices }: PriceUsed,
  input: { readonly tokens: number; readonly characters: number },
  n: number,
): readonly Quote[] {
  return [
    { asset: 'requests', fixed: new Decimal(1), perOutput: zero },
    { asset: 'tokens', fixed: new Decimal(input.tokens), perOutput: new Decimal(n) },
    {
      asset: 'characters',
      fixed: new Decimal(input.characters),
      perOutput: new Decimal(charactersPerToken * n),
    },
    {
      asset: currency,
      fixed: dearestInput(prices).times(input.tokens),
      perOutput: perToken(prices.output).times(n),
    },
  ];
}
