import type { FragmentSqlToken } from 'slonik';
import { z } from 'zod';
import { Asset, Currency } from '../domain/accounts.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { Amount } from '../domain/money.ts';
import { Prices } from '../domain/price-list/events.ts';
import { Usage } from '../domain/price-list/usage.ts';
import { Basis, CallOutcome } from '../domain/wallet/call-events.ts';
import type { PageByMoment, PageOf } from './page.ts';
import { olderThan, page } from './page.ts';
import { fragment, query } from './query.ts';
import { Total } from './total.ts';

/** Tokens, and what is sold by the piece, in disjoint classes. */
const CallUsage = z.object({
  input: z.int(),
  cached_input: z.int(),
  output: z.int(),
  reasoning: z.int(),
  cache_write: z.int(),
  audio_input: z.int(),
  audio_output: z.int(),
  image_input: z.int(),
  image_output: z.int(),
  images: z.int(),
  seconds: z.int(),
  characters: z.int(),
});

const CallPrice = z.object({
  version: z.int(),
  currency: Currency,
  input: Amount,
  cached_input: Amount,
  output: Amount,
  /** Null: as `input`. */
  cache_write: Amount.nullable(),
  /** Null: as `output`. */
  reasoning: Amount.nullable(),
  /** Of the call beside what it consumes. */
  request: Amount.nullable(),
  /** Null, as all below: not sold so. */
  audio_input: Amount.nullable(),
  audio_output: Amount.nullable(),
  image_input: Amount.nullable(),
  image_output: Amount.nullable(),
  image: Amount.nullable(),
  second: Amount.nullable(),
  character: Amount.nullable(),
});

export const CallStatus = z.enum(['open', 'settled', 'released', 'expired']);

/** A call as its member sees it: what it cost and why, never who answered it. */
export const CallRow = z.object({
  id: Uuid,
  request_id: z.string(),
  client_request_id: z.string().nullable(),
  at: Instant,
  model: z.string(),
  status: CallStatus,
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
  /** What upstreams charge us; null: nobody knows. */
  cost: Total.nullable(),
  cost_currency: Currency.nullable(),
  /** What was charged and not given back, less the cost; null unless both are in one currency. */
  margin: Total.nullable(),
});
export type AdminCallRow = z.infer<typeof AdminCallRow>;

const columns = fragment`
  id, request_id, client_request_id, at, model, status, outcome, basis,
  CASE WHEN input IS NOT NULL THEN jsonb_build_object('input', input, 'cached_input', cached_input,
    'output', output, 'reasoning', reasoning, 'cache_write', COALESCE(cache_write, 0),
    'audio_input', COALESCE(audio_input, 0), 'audio_output', COALESCE(audio_output, 0),
    'image_input', COALESCE(image_input, 0), 'image_output', COALESCE(image_output, 0),
    'images', COALESCE(images, 0), 'seconds', COALESCE(seconds, 0),
    'characters', COALESCE(characters, 0)) END AS usage,
  jsonb_build_object('version', price_version, 'currency', price_currency,
    'input', trim_scale(price_input)::text, 'cached_input', trim_scale(price_cached_input)::text,
    'output', trim_scale(price_output)::text,
    'cache_write', trim_scale(price_cache_write)::text,
    'reasoning', trim_scale(price_reasoning)::text,
    'request', trim_scale(price_request)::text,
    'audio_input', trim_scale(price_audio_input)::text,
    'audio_output', trim_scale(price_audio_output)::text,
    'image_input', trim_scale(price_image_input)::text,
    'image_output', trim_scale(price_image_output)::text,
    'image', trim_scale(price_image)::text, 'second', trim_scale(price_second)::text,
    'character', trim_scale(price_character)::text) AS price,
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

/** One call of a member. */
export const memberCall = (memberId: string, id: string) =>
  query(CallRow)`
    SELECT ${columns} FROM read.calls WHERE id = ${id} AND member_id = ${memberId}`;

/** Which calls; each that is named must hold. */
export interface CallFilter {
  readonly id?: string | undefined;
  readonly memberId?: string | undefined;
  readonly apiKeyId?: string | undefined;
  /** The caller's own id of the request. No index has it: who names it in a long history names a time too. */
  readonly clientRequestId?: string | undefined;
  /** Another word for `model`. */
  readonly alias?: string | undefined;
  readonly model?: string | undefined;
  readonly upstream?: string | undefined;
  readonly status?: string | undefined;
  /** Included. */
  readonly from?: string | undefined;
  /** Not included. */
  readonly to?: string | undefined;
}

const holds = (value: string | undefined, test: (value: string) => FragmentSqlToken) =>
  value === undefined ? fragment`TRUE` : test(value);

const matching = (filter: CallFilter) => fragment`
  ${holds(filter.id, (id) => fragment`id = ${id}`)}
  AND ${holds(filter.memberId, (id) => fragment`member_id = ${id}`)}
  AND ${holds(filter.apiKeyId, (id) => fragment`api_key_id = ${id}`)}
  AND ${holds(filter.clientRequestId, (id) => fragment`client_request_id = ${id}`)}
  AND ${holds(filter.alias, (alias) => fragment`model = ${alias}`)}
  AND ${holds(filter.model, (model) => fragment`model = ${model}`)}
  AND ${holds(filter.upstream, (upstream) => fragment`upstream = ${upstream}`)}
  AND ${holds(filter.status, (status) => fragment`status = ${status}`)}
  AND ${holds(filter.from, (from) => fragment`at >= ${from}::timestamptz`)}
  AND ${holds(filter.to, (to) => fragment`at < ${to}::timestamptz`)}`;

/** Everybody's calls, the newest first. */
export const listAllCalls = (filter: CallFilter, wanted: PageByMoment) =>
  query(AdminCallRow)`
    SELECT ${columns}, member_id, wallet_id, api_key_id, trim_scale(overage)::text AS overage,
           upstream, upstream_model, cost_currency,
           CASE WHEN cost_currency IS NOT NULL THEN trim_scale(cost)::text END AS cost,
           CASE WHEN cost_currency = asset THEN trim_scale(charge - corrected - cost)::text END
             AS margin
    FROM read.calls WHERE ${matching(filter)} AND ${older(wanted)}
    ORDER BY at DESC, id DESC LIMIT ${wanted.limit + 1}`;

/** What the cost of a call is the sum of. */
export const CostParts = z.array(z.object({ upstream: z.string(), usage: Usage, prices: Prices }));

export const costOfCall = (id: string) =>
  query(z.object({ rated: CostParts }))`
    SELECT cost_rated AS rated FROM read.calls WHERE id = ${id} AND cost_rated IS NOT NULL`;

export const callsPage = <Row extends { readonly at: string; readonly id: string }>(
  rows: readonly Row[],
  wanted: PageOf<unknown>,
) => page(rows, wanted, (row) => [row.at, row.id]);
