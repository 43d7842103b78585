import { z } from 'zod';
import type { PriceCatalogue } from '../adapters/prices/price-catalogue.ts';
import { Currency } from '../domain/accounts.ts';
import { homeCurrency } from '../domain/policies.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import type { ImportParts } from './imported-model.ts';
import { ImportedRow, importedModel } from './imported-model.ts';
import { route } from './route.ts';

/** More than any provider has. */
const mostModels = 1_000;

const Factor = z
  .string()
  .regex(/^(?=.*[1-9])\d{1,6}(?:\.\d{1,6})?$/, 'a decimal string above 0, with at most 6 decimals');
const Name = z.string().min(1).max(200);

const Wishes = z.strictObject({
  provider: Name.optional(),
  models: z.array(Name).min(1).max(mostModels).optional(),
  rate: Factor.optional(),
  currency: Currency.optional(),
  markup: Factor.default('1'),
  without: z.array(Name).max(100).default([]),
  default_max_output: z.int().min(1).max(1_000_000).optional(),
  costs: z.boolean().default(false),
  replace: z.boolean().default(false),
  dry_run: z.boolean().default(false),
});

/**
 * Publishes price lists made of a public catalogue's prices, times the operator's rate and markup, and how much
 * models read at once.
 */
export const importModels = (parts: ImportParts) =>
  route({
    method: 'POST',
    path: '/api/admin/models/import',
    who: 'admin',
    summary: 'Take model prices from the price catalogue',
    body: Wishes,
    reply: z.object({
      catalogue: z.string(),
      currency: Currency,
      rate: z.string(),
      markup: z.string(),
      data: z.array(ImportedRow),
    }),
    handle: async ({ caller, body, request }) => {
      const { catalogue, clock } = parts;
      const { provider, markup, without } = body;
      const rate = rateOf(catalogue, body);
      const rows: ImportedRow[] = [];
      let position: bigint | null = null;
      for (const model of await namesOf(catalogue, body)) {
        const imported = await importedModel(parts, {
          wanted: { provider, model },
          terms: { rate, markup, without },
          defaultMaxOutput: body.default_max_output,
          ...{ replace: body.replace, costs: body.costs, dryRun: body.dry_run },
          contextOf: (step) => commandContext({ caller, request }, clock, `${step}/${model}`),
          locale: request.locale,
        });
        rows.push(imported.row);
        position = imported.position ?? position;
      }
      const { name } = catalogue;
      return {
        body: { catalogue: name, currency: homeCurrency, rate, markup, data: rows },
        position,
      };
    },
  });

/** Nothing says what a currency is worth but the operator. */
function rateOf({ currency: from }: PriceCatalogue, body: z.output<typeof Wishes>): string {
  if (body.currency !== undefined && body.currency !== homeCurrency) {
    const values = { currency: homeCurrency };
    throw new ApiError('invalid_request', { param: 'currency', why: 'sold_in', values });
  }
  if (body.rate !== undefined) return body.rate;
  if (from === homeCurrency) return '1';
  const values = { from, to: homeCurrency };
  throw new ApiError('invalid_request', { param: 'rate', why: 'rate_needed', values });
}

async function namesOf(
  catalogue: PriceCatalogue,
  { provider, models }: z.output<typeof Wishes>,
): Promise<ReadonlySet<string>> {
  if (provider === undefined) {
    if (models) return new Set(models);
    throw new ApiError('invalid_request', { param: 'models', why: 'import_names_nothing' });
  }
  const known = await catalogue.modelsOf(provider);
  if (known) return new Set(models ?? known);
  throw new ApiError('invalid_request', {
    ...{ param: 'provider', why: 'catalogue_provider' },
    values: { provider },
  });
}
