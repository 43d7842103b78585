import type { ModelInfo } from '@pydantic/genai-prices';
import { z } from 'zod';
import { canonical, Decimal } from '../../domain/money.ts';
import type { ListedModel } from '../../domain/price-list/imported.ts';
import type { PriceCatalogue } from './price-catalogue.ts';

const packageName = '@pydantic/genai-prices';

/** What providers charge, from an npm package of that version; it is loaded when it is asked first. */
export function genaiPrices(version: string): PriceCatalogue {
  const load = () => import('@pydantic/genai-prices');
  return {
    name: `${packageName}@${version}`,
    currency: 'USD',
    async modelsOf(providerId) {
      const { calcPrice, findProvider } = await load();
      const provider = findProvider({ providerId });
      // It also finds who only has such a beginning.
      if (provider?.id !== providerId) return undefined;
      // Some entries stand for many names, and their own is none of them.
      const isName = (id: string) => calcPrice({}, id, { providerId })?.model.id === id;
      return provider.models.flatMap(({ id, deprecated }) => (deprecated || !isName(id) ? [] : id));
    },
    async find({ model, provider }, timestamp) {
      const { calcPrice } = await load();
      const wanted = provider === undefined ? { timestamp } : { timestamp, providerId: provider };
      const found = calcPrice({}, model, wanted);
      if (!found) return undefined;
      return {
        provider: found.provider.id,
        model: found.model.id,
        prices: pricesOf(found.model_price),
        byHour: isByHour(found.model),
        contextWindow: found.model.context_window,
      };
    },
  };
}

/** One number, or several by the size of a prompt. */
const Prices = z.record(
  z.string(),
  z.union([z.number().nonnegative(), z.looseObject({ tiers: z.array(z.unknown()) })]).optional(),
);

/** A number's shortest spelling is what the catalogue's makers wrote, so nothing of it is lost. */
function pricesOf(raw: unknown): ListedModel['prices'] {
  const entries = Object.entries(Prices.parse(raw)).flatMap(([name, price]) => {
    if (price === undefined) return [];
    return [[name, typeof price === 'number' ? canonical(new Decimal(String(price))) : null]];
  });
  return Object.fromEntries(entries);
}

const isByHour = ({ prices }: ModelInfo): boolean =>
  Array.isArray(prices) && prices.some(({ constraint }) => constraint?.type === 'time_of_date');
