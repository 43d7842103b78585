import { z } from 'zod';
import type { ExecuteContext, RunnerOf } from '../adapters/eventstore/execute.ts';
import type { PriceCatalogue, Wanted } from '../adapters/prices/price-catalogue.ts';
import type { alias as aliasDecider } from '../domain/alias/decider.ts';
import type { Instant } from '../domain/ids.ts';
import { homeCurrency } from '../domain/policies.ts';
import type { PublishPriceList } from '../domain/price-list/decider.ts';
import { priceList as decider, sameTerms } from '../domain/price-list/decider.ts';
import { Alias } from '../domain/price-list/events.ts';
import type { ImportTerms } from '../domain/price-list/imported.ts';
import { importedPrices } from '../domain/price-list/imported.ts';
import { streamOf } from '../domain/streams.ts';
import { usualMaxOutput } from './admin-models.ts';
import { SkipReason, skipText } from './import-reasons.ts';
import type { Locale } from './locale.ts';
import { WrittenPrices, writtenPrices } from './price-words.ts';

export interface ImportParts {
  readonly priceList: RunnerOf<typeof decider>;
  readonly alias: RunnerOf<typeof aliasDecider>;
  readonly catalogue: PriceCatalogue;
  readonly clock: () => Date;
}

export interface ImportWish {
  /** The name that is looked for becomes the alias. */
  readonly wanted: Wanted;
  readonly terms: ImportTerms;
  /** Undefined: what it was, or the usual. */
  readonly defaultMaxOutput: number | undefined;
  readonly replace: boolean;
  readonly costs: boolean;
  readonly dryRun: boolean;
  readonly contextOf: (step: 'import-price-list' | 'import-alias') => ExecuteContext;
  readonly locale: Locale;
}

/** What became of one model. */
export const ImportedRow = z.object({
  alias: z.string(),
  status: z.enum(['published', 'would_publish', 'unchanged', 'skipped']),
  reason: z.object({ code: SkipReason, message: z.string() }).optional(),
  from: z.object({ provider: z.string(), model: z.string() }).optional(),
  version: z.int().optional(),
  price: WrittenPrices.optional(),
  rounded_up: z.array(z.string()).optional(),
  max_input_tokens: z.int().optional(),
  cost: WrittenPrices.optional(),
});
export type ImportedRow = z.output<typeof ImportedRow>;

interface Done {
  readonly row: ImportedRow;
  readonly position: bigint | null;
}

/** Publishes one model's price list, and how much it reads at most, or says why not. */
export async function importedModel(parts: ImportParts, wish: ImportWish): Promise<Done> {
  const { catalogue, clock } = parts;
  const { model: alias } = wish.wanted;
  const skipped = (code: SkipReason, more: Partial<ImportedRow> = {}, classes: string[] = []) => {
    const message = skipText(code, classes, wish.locale);
    return {
      row: { alias, status: 'skipped', reason: { code, message }, ...more },
      position: null,
    } as const;
  };
  if (!Alias.safeParse(alias).success) return skipped('no_alias');
  const listed = await catalogue.find(wish.wanted, clock());
  if (!listed) return skipped('not_listed');
  const from = { provider: listed.provider, model: listed.model };
  const imported = importedPrices(listed, wish.terms);
  if (!imported.ok) return skipped(imported.why, { from }, [...imported.classes]);
  const { prices, cost, rounded } = imported;
  const { rate, markup } = wish.terms;
  const origin = { catalogue: catalogue.name, ...from, rate, markup };
  const { status, version, position } = await published(parts, wish, { alias, prices, origin });
  const price = writtenPrices(prices);
  const told = {
    ...{ from, version, price },
    ...(rounded.length > 0 ? { rounded_up: [...rounded] } : {}),
    ...(wish.costs ? { cost: writtenPrices(cost) } : {}),
  };
  if (status === 'by_hand' || status === 'withdrawn') return skipped(status, told);
  const ceiling = await withCeiling(parts, wish, listed.contextWindow);
  const reads = ceiling.tokens === undefined ? {} : { max_input_tokens: ceiling.tokens };
  return { row: { alias, status, ...told, ...reads }, position: ceiling.position ?? position };
}

/** What an operator has said of an alias stays, unless it is to be replaced; tells what holds then. */
async function withCeiling(
  { alias }: ImportParts,
  { wanted: { model: name }, replace, dryRun, contextOf }: ImportWish,
  listed: number | undefined,
) {
  const stream = streamOf.alias(name);
  const { terms } = (await alias.load(stream)).state;
  const stands = replace ? undefined : terms.maxInputTokens;
  const tokens = stands ?? listed ?? terms.maxInputTokens;
  if (dryRun || tokens === terms.maxInputTokens) return { tokens, position: null };
  const changes = { maxInputTokens: tokens };
  const { position } = await alias.run(
    stream,
    () => ({ type: 'ChangeAlias', alias: name, changes }),
    contextOf('import-alias'),
  );
  return { tokens, position };
}

async function published(
  { priceList, clock }: ImportParts,
  { defaultMaxOutput, replace, dryRun, contextOf }: ImportWish,
  terms: Pick<PublishPriceList, 'alias' | 'prices' | 'origin'>,
) {
  const stream = streamOf.priceList(terms.alias);
  const { state } = await priceList.load(stream);
  const command = (at: Instant): PublishPriceList => ({
    type: 'PublishPriceList',
    ...terms,
    ...{ currency: homeCurrency, replace, at },
    defaultMaxOutput: defaultMaxOutput ?? state.published?.defaultMaxOutput ?? usualMaxOutput,
  });
  const wished = command(clock().toISOString());
  if (dryRun) {
    const isNew = decider.decide(wished, state).length > 0;
    return { ...outcomeOf(isNew ? 'would_publish' : undefined, wished, state), position: null };
  }
  const outcome = await priceList.run(stream, command, contextOf('import-price-list'));
  const isNew = outcome.events.length > 0;
  const { position } = outcome;
  return { ...outcomeOf(isNew ? 'published' : undefined, wished, outcome.state), position };
}

function outcomeOf<Status extends string>(
  status: Status | undefined,
  wished: PublishPriceList,
  { version, published: stands, isWithdrawn }: (typeof decider)['initialState'],
) {
  if (status) return { status, version };
  if (isWithdrawn) return { status: 'withdrawn' as const, version };
  const isSame = stands !== undefined && sameTerms(stands, wished);
  return { status: isSame ? ('unchanged' as const) : ('by_hand' as const), version };
}
