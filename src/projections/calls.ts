import { canonical, money, sum as total } from '../domain/money.ts';
import type { BookedCost } from '../domain/wallet/call-events.ts';
import type { WalletEventData } from '../domain/wallet/events.ts';
import { mediaPrices, mediaUsed } from './media.ts';
import type { RowOf } from './projection.ts';
import { first, latest, projection, sum } from './projection.ts';

const key = { id: 'uuid' } as const;
const columns = {
  request_id: first('text'),
  client_request_id: first('text', `the caller's own \`x-request-id\`; null: none`),
  at: first('timestamptz', 'when its hold was reserved'),
  member_id: first('uuid'),
  wallet_id: first('uuid'),
  api_key_id: first('uuid'),
  model: first('text'),
  status: latest(
    'text',
    '`open`, `settled`, `released` (costs nothing) or `expired` (swept, free)',
  ),
  outcome: latest(
    'text',
    '`completed`, `client_closed`, `timed_out`, `shut_down`, `upstream_failed`, `upstream_timed_out`, `refused` or `abandoned`',
  ),
  basis: latest(
    'text',
    'what the charge goes by: `usage`, `estimate`, `checkpoint`, `bound`, `late`; `released` and `no_evidence` charge nothing',
  ),
  input: latest('bigint'),
  cached_input: latest('bigint'),
  output: latest('bigint'),
  reasoning: latest('bigint'),
  cache_write: latest('bigint', `tokens of input that the upstream's cache took; null: none`),
  audio_input: latest('bigint'),
  audio_output: latest('bigint'),
  image_input: latest('bigint'),
  image_output: latest('bigint'),
  images: latest('bigint'),
  seconds: latest('bigint'),
  characters: latest('bigint'),
  price_version: first('integer', 'which price list of the alias it was rated with'),
  price_currency: first('text'),
  price_input: first('numeric', 'per one million tokens'),
  price_cached_input: first('numeric', 'per one million tokens'),
  price_output: first('numeric', 'per one million tokens'),
  price_cache_write: first('numeric', 'per one million tokens; null: as `price_input`'),
  price_reasoning: first('numeric', 'per one million tokens; null: as `price_output`'),
  price_request: first('numeric', 'of the call beside its tokens; null: nothing'),
  price_audio_input: first('numeric', 'per one million tokens; null: not sold'),
  price_audio_output: first('numeric', 'per one million tokens; null: not sold'),
  price_image_input: first('numeric', 'per one million tokens; null: not sold'),
  price_image_output: first('numeric', 'per one million tokens; null: not sold'),
  price_image: first('numeric', 'per picture; null: not sold by the piece'),
  price_second: first('numeric', 'per second of sound; null: not sold by the second'),
  price_character: first('numeric', 'per code point; null: not sold by the character'),
  hold: first('numeric', 'the most that it may cost, reserved before it began'),
  asset: first('text'),
  charge: latest('numeric', 'what it cost; what was given back is in `corrected`'),
  overage: sum('numeric', 'what it used beyond its hold, whoever bears it'),
  corrected: sum('numeric', 'what corrections gave back of the charge'),
  latency_ms: latest('bigint', `from the request to the answer's end`),
  first_token_ms: latest('bigint', 'from the request to the first token; null: there was none'),
  upstream: latest('text', 'the one that answered, or was asked last'),
  upstream_model: latest('text', `that upstream's own name of the model`),
  ended_at: latest('timestamptz', 'null: it is running'),
  cost: sum('numeric', 'what its upstreams charge us, as far as that is in `cost_currency`'),
  cost_currency: latest('text', 'null: nobody knows what they charge'),
  cost_rated: latest(
    'jsonb',
    'a list of upstream, usage and prices: what the cost is the sum of; empty once it was put right',
  ),
};
type Row = RowOf<typeof key, typeof columns>;

export const calls = projection(
  'calls',
  {
    meaning:
      'One row a call: what was asked, reserved, consumed and charged, and what it was rated with.',
    group: 'finance',
    version: 5,
    key,
    columns,
    indexes: ['(member_id, at DESC, id DESC)', '(at DESC, id DESC)'],
  },
  {
    CreditReserved: ({ data, meta }) => [
      {
        id: data.call.callId,
        request_id: data.call.requestId,
        client_request_id: data.call.clientRequestId,
        at: meta.recordedAt,
        member_id: data.call.memberId,
        wallet_id: data.walletId,
        api_key_id: data.call.apiKeyId,
        model: data.call.model,
        status: 'open',
        price_version: data.price.version,
        price_currency: data.price.currency,
        price_input: data.price.prices.input,
        price_cached_input: data.price.prices.cachedInput,
        price_output: data.price.prices.output,
        price_cache_write: data.price.prices.cacheWrite ?? null,
        price_reasoning: data.price.prices.reasoning ?? null,
        price_request: data.price.prices.request ?? null,
        ...mediaPrices(data.price.prices),
        hold: data.amount,
        asset: data.asset,
      },
    ],
    UsageSettled: ({ data, meta }) => [
      {
        ...ended(data, meta.recordedAt),
        ...used(data),
        status: 'settled',
        basis: data.basis,
      },
    ],
    ReservationReleased: ({ data, meta }) => [
      { ...ended(data, meta.recordedAt), status: 'released', basis: 'released', charge: '0' },
    ],
    ReservationExpired: ({ data, meta }) => [
      { ...ended(data, meta.recordedAt), status: 'expired', basis: data.basis, charge: '0' },
    ],
    // The call itself knows better than what was found of it after its hold was swept.
    LateSettlementPosted: ({ data, meta }) => [
      {
        ...ended(data, meta.recordedAt),
        ...used(data),
        ...{ status: 'settled', basis: 'late' },
      },
    ],
    // What it was charged, and for what, stays as it was.
    LateCostsPosted: ({ data }) => [
      {
        id: data.call.callId,
        upstream: data.upstream,
        upstream_model: data.upstreamModel,
        ...costed(data.costs),
      },
    ],
    UsageCorrected: ({ data }) => [{ id: data.callId, corrected: data.amount }],
    OverageAccrued: ({ data }) => [{ id: data.callId, overage: data.amount }],
  },
);

type Settled = WalletEventData<'UsageSettled' | 'LateSettlementPosted'>;
type Ended = Settled | WalletEventData<'ReservationReleased' | 'ReservationExpired'>;

const ended = (data: Ended, at: string): Row => ({
  id: data.call.callId,
  outcome: data.outcome,
  upstream: data.upstream,
  upstream_model: data.upstreamModel,
  latency_ms: data.latencyMs,
  first_token_ms: data.firstTokenMs,
  ended_at: at,
  ...costed(data.costs),
});

/** In the currency of the upstream that was asked last: nothing is converted. */
function costed(costs: readonly BookedCost[]) {
  const currency = costs.at(-1)?.asset;
  if (currency === undefined) return {};
  const same = costs.filter(({ asset }) => asset === currency);
  const rated = same.flatMap(({ upstream, rated: of }) => (of ? [{ upstream, ...of }] : []));
  return {
    cost: canonical(total(same.map(({ amount }) => money(amount)))),
    cost_currency: currency,
    cost_rated: rated,
  };
}

const used = ({ usage, charge }: Settled) => ({
  input: usage.input,
  cached_input: usage.cachedInput,
  output: usage.output,
  reasoning: usage.reasoning,
  cache_write: usage.cacheWrite ?? null,
  ...mediaUsed(usage),
  charge,
});
