import { z } from 'zod';
import { Asset, Currency } from '../domain/accounts.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { Amount } from '../domain/money.ts';
import { Basis, CallOutcome } from '../domain/wallet/call-events.ts';
import type { PageByMoment, PageOf } from './page.ts';
import { olderThan, page } from './page.ts';
import { fragment, query } from './query.ts';
import { Total } from './total.ts';

/** Tokens in disjoint classes. */
const CallUsage = z.object({
  input: z.int(),
  cached_input: z.int(),
  output: z.int(),
  reasoning: z.int(),
});

const CallPrice = z.object({
  version: z.int(),
  currency: Currency,
  input: Amount,
  cached_input: Amount,
  output: Amount,
});

/** A call as its member sees it: what it cost and why, never who answered it. */
export const CallRow = z.object({
  id: Uuid,
  request_id: z.string(),
  client_request_id: z.string().nullable(),
  at: Instant,
  model: z.string(),
  status: z.enum(['open', 'settled', 'released', 'expired']),
  outcome: CallOutcome.nullable(),
  /** `late`: by the call itself, after its hold was swept. */
  basis: z.enum([...Basis.options, 'late', 'released', 'no_evidence']).nullable(),
  usage: CallUsage.nullable(),
  price: CallPrice,
  hold: Amount,
  charge: Amount.nullable(),
  /** What was given back of it later. */
  corrected: Total,
  asset: Asset,
  latency_ms: z.int().nullable(),
  first_token_ms: z.int().nullable(),
});
export type CallRow = z.infer<typeof CallRow>;

/** The same for an admin, with whose it was and who answered. */
export const AdminCallRow = CallRow.extend({
  member_id: Uuid,
  wallet_id: Uuid,
  api_key_id: Uuid,
  overage: Total,
  upstream: z.string().nullable(),
  upstream_model: z.string().nullable(),
});
export type AdminCallRow = z.infer<typeof AdminCallRow>;

const columns = fragment`
  id, request_id, client_request_id, at, model, status, outcome, basis,
  CASE WHEN input IS NOT NULL THEN jsonb_build_object('input', input, 'cached_input', cached_input,
    'output', output, 'reasoning', reasoning) END AS usage,
  jsonb_build_object('version', price_version, 'currency', price_currency,
    'input', trim_scale(price_input)::text, 'cached_input', trim_scale(price_cached_input)::text,
    'output', trim_scale(price_output)::text) AS price,
  trim_scale(hold)::text AS hold, trim_scale(charge)::text AS charge,
  trim_scale(corrected)::text AS corrected, asset,
  to_jsonb(latency_ms) AS latency_ms, to_jsonb(first_token_ms) AS first_token_ms`;

const older = ({ after }: PageByMoment) => olderThan(after, fragment`at, id`);

/** A member's calls, the newest first. */
export const listCalls = (memberId: string, wanted: PageByMoment) =>
  query(CallRow)`
    SELECT ${columns} FROM read.calls
    WHERE member_id = ${memberId} AND ${older(wanted)}
    ORDER BY at DESC, id DESC LIMIT ${wanted.limit + 1}`;

/** Everybody's calls, the newest first. */
export const listAllCalls = (wanted: PageByMoment) =>
  query(AdminCallRow)`
    SELECT ${columns}, member_id, wallet_id, api_key_id, trim_scale(overage)::text AS overage,
           upstream, upstream_model
    FROM read.calls WHERE ${older(wanted)}
    ORDER BY at DESC, id DESC LIMIT ${wanted.limit + 1}`;

export const callsPage = <Row extends { readonly at: string; readonly id: string }>(
  rows: readonly Row[],
  wanted: PageOf<unknown>,
) => page(rows, wanted, (row) => [row.at, row.id]);
