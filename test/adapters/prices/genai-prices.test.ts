import test from 'ava';
import packageJson from '../../../package.json' with { type: 'json' };
import { genaiPrices } from '../../../src/adapters/prices/genai-prices.ts';
import { importedPrices } from '../../../src/domain/price-list/imported.ts';

const version = packageJson.dependencies['@pydantic/genai-prices'];
const catalogue = genaiPrices(version);
const at = new Date('2026-11-30T05:00:00Z');
const terms = { rate: '7.1', markup: '1.2', without: [] };

test('it names the package, whose version is pinned: prices don’t change by an update of others', (t) => {
  t.is(catalogue.name, `@pydantic/genai-prices@${version}`);
  t.regex(version, /^\d+\.\d+\.\d+$/);
  t.is(catalogue.currency, 'USD');
});

test('a model is found by its provider, or by its name alone, with exact prices', async (t) => {
  const own = await catalogue.find({ model: 'gpt-4o', provider: 'openai' }, at);
  t.like(own, {
    ...{ provider: 'openai', model: 'gpt-4o', byHour: false, contextWindow: 128_000 },
    prices: { input_mtok: '2.5', cache_read_mtok: '1.25', output_mtok: '10' },
  });
  t.deepEqual(await catalogue.find({ model: 'gpt-4o' }, at), own);
  t.like(await catalogue.find({ model: 'gpt-4o-2024-08-06' }, at), { model: 'gpt-4o' });
  t.is(await catalogue.find({ model: 'no-such-model' }, at), undefined);
  t.is(await catalogue.find({ model: 'gpt-4o', provider: 'anthropic' }, at), undefined);
});

test('what depends on size or hour is said to', async (t) => {
  const tiered = await catalogue.find({ model: 'gemini-2.5-pro', provider: 'google' }, at);
  t.like(tiered, { prices: { input_mtok: null, output_mtok: null } });
  t.like(await catalogue.find({ model: 'deepseek-chat' }, at), { byHour: true });
});

test('only a provider’s own name is one', async (t) => {
  t.true((await catalogue.modelsOf('openai'))?.includes('gpt-4o'));
  t.is(await catalogue.modelsOf('openai-x'), undefined);
  t.is(await catalogue.modelsOf('nobody'), undefined);
});

test('of every large provider most models can be sold by token, or say why not', async (t) => {
  for (const provider of ['openai', 'anthropic', 'google', 'deepseek', 'x-ai', 'openrouter']) {
    const names = (await catalogue.modelsOf(provider)) ?? [];
    t.true(names.length > 0, provider);
    let sold = 0;
    for (const model of names) {
      const listed = await catalogue.find({ model, provider }, at);
      if (!listed) throw new Error(`${provider} has no ${model}.`);
      const without = ['cache_write_1h_mtok'];
      const imported = importedPrices(listed, { ...terms, without });
      if (imported.ok) sold += 1;
      else t.truthy(imported.why);
    }
    t.true(sold > 0, `${provider} sells nothing`);
  }
});
