import { Decimal, zero } from '../../domain/money.ts';
import { dearestOutput, dearestSpoken, rateAtMost } from '../../domain/price-list/rating.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import { tokensOf } from '../../domain/price-list/usage.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import type { Quote } from '../../domain/wallet/commands.ts';
import { CallFault } from './call-fault.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Measure } from './endpoints/measure.ts';
import type { Input } from './input.ts';

/** So many code points of answer a token pays for, at most. */
const charactersPerToken = 4;

interface Bounded {
  readonly measure: Measure;
  /** The most that goes in. */
  readonly atMost: Usage;
  readonly input: Input;
}

/** What a call may cost in each asset. An allowance that can't measure it has no quote: it is left alone. */
export function quotesOf(
  { currency, prices }: PriceUsed,
  { measure, atMost, input: { characters, voice } }: Bounded,
  n: number,
): readonly Quote[] {
  const { output, inTokens } = measure;
  const dearest = voice ? dearestSpoken : dearestOutput;
  const writes = output === null ? 0 : charactersPerToken * n;
  return [
    { asset: 'requests', fixed: new Decimal(1), perOutput: zero },
    ...(inTokens ? [{ asset: 'tokens' as const, ...tokensAtMost(measure, atMost, n) }] : []),
    ...(characters === null
      ? []
      : [
          {
            asset: 'characters' as const,
            fixed: new Decimal(characters),
            perOutput: new Decimal(writes),
          },
        ]),
    {
      asset: currency,
      fixed: rateAtMost(atMost, prices),
      perOutput: output === null ? zero : dearest(prices).times(n),
    },
  ];
}

/** The bound of a call in tokens. */
export const tokensAtMost = ({ output }: Measure, atMost: Usage, n: number) => ({
  fixed: new Decimal(tokensOf(atMost)),
  perOutput: output === null ? zero : new Decimal(n),
});

/** The first way of counting that the list has all prices for; no class of a usage is ever unpriced. */
export function measureOf(endpoint: Endpoint, input: Input, prices: PriceUsed['prices']): Measure {
  const measure = fittingMeasure(endpoint, input, prices);
  if (measure) return measure;
  const [, field = 'model'] =
    [...(input.extras ?? [])].find(([name]) => prices[name] === undefined) ?? [];
  throw new CallFault('unsupported_input', 'This model has no price for what is asked of it.', {
    param: field,
    why: 'not_priced',
  });
}

/** The same; undefined when there is none. */
export const fittingMeasure = (
  { measures }: Endpoint,
  input: Input,
  prices: PriceUsed['prices'],
): Measure | undefined =>
  measures.find(({ needs }) => needs(input).every((name) => prices[name] !== undefined));
