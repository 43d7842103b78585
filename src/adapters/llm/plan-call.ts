import type { AliasTerms } from '../../domain/alias/events.ts';
import type { ClientAppTerms } from '../../domain/client-app/events.ts';
import type { CostTerms } from '../../domain/route/cost.ts';
import type { HangUp, RouteTerms } from '../../domain/route/events.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import type { MayCost, Quote } from '../../domain/wallet/commands.ts';
import type { Budgets, CallBudget } from './budgets.ts';
import { mayCostAt } from './call-costs.ts';
import { CallFault } from './call-fault.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Bounds, Measure } from './endpoints/measure.ts';
import type { Input } from './input.ts';
import { leastOmitting } from './least-omitting.ts';
import type { ModelCall } from './model-call.ts';
import type { WhoAnswers } from './nobody-answers.ts';
import type { Asked } from './sized-call.ts';
import { answerable, askedOf, behind, readersOf, sizedAs } from './sized-call.ts';
import type { Family } from './tokenizer.ts';
import type { Json, Upstream } from './upstream.ts';
import type { UpstreamWatch } from './upstream-watch.ts';
import type { CountBounds, CountedInput } from './whole-input.ts';
import {
  mostInputTokens,
  countBounds as ownCount,
  refuseUncounted,
  uncountedBounds,
} from './whole-input.ts';
import { openBudget } from './within-budgets.ts';

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
  /** Left out: by the vocabularies of who may answer. */
  readonly countBounds?: CountBounds;
  readonly clock: () => Date;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** What of a plan the wallet asks. */
export type Priced = Pick<CallPlan, 'price' | 'quotes' | 'tokens' | 'outputTokens'>;

/** Throws when a call is refused whatever its input comes to beyond this. */
export type CheckCredit = (least: Priced) => Promise<void>;

/** Plans a call, or refuses it before anything is reserved. */
export async function planCall(
  parts: PlanParts,
  call: ModelCall,
  checkCredit: CheckCredit,
): Promise<CallPlan> {
  const asked = askedOf(parts, call);
  const { terms, input, found, readers, measure, body, ignored } = asked;
  if (isLong(input) && (await isSureToBePlanned(parts, call, asked))) {
    await checkCredit(sizedAs(asked, call, leastOf(asked)));
  }
  const { countBounds = ownCount } = parts;
  const counted = await countBounds(readers, input, found, asked.ceiling);
  const { able, sized, routed, budgeted } = answerable(parts, call, { asked, counted });
  const trials = leastOmitting(able, { ...call, body });
  const { upstream, cost } = trials[0];
  return {
    ...{ trials, ...sized, bounds: counted.bounds },
    mayCost: mayCostAt(trials[0], { ...routed, n: call.n }),
    input: asked.read,
    hangUp: terms.hangUp ?? 'cancel',
    budget: openBudget(budgeted, { upstream: upstream.id, cost }),
    ...{ measure, body, ignored },
  };
}

/** Texts of so many characters together are counted over several turns. */
const longText = 32_768;

const isLong = ({ texts, predicted = [] }: Input): boolean =>
  [...texts, ...predicted].reduce((total, { length }) => total + length, 0) > longText;

/** A text has a token at least. */
const leastOf = ({ found }: Asked): CountedInput => ({
  ...{ bounds: { input: found + 1, heard: 0 }, predicted: 0 },
});

/** Whether nothing but the wallet may refuse a call, whatever is counted: then that can be asked first. */
async function isSureToBePlanned(
  parts: PlanParts,
  call: ModelCall,
  asked: Asked,
): Promise<boolean> {
  const { candidates, readers, input, found } = asked;
  const hangsOnSize = candidates.some(({ conditions }) => conditions?.inputTokens);
  if (hangsOnSize || input.files) return false;
  const counted = await uncountedBounds(readers, input, found);
  try {
    answerable({ ...parts, random: () => 0 }, call, { asked, counted });
    return true;
  } catch (error) {
    if (error instanceof CallFault) return false;
    throw error;
  }
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
  const readers = readersOf(parts, { terms, candidates });
  const input = endpoints.chat.inputOf(body);
  refuseUncounted(input);
  return await mostInputTokens(readers, { ...input, client });
}
