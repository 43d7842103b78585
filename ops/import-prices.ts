import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from '../src/config.ts';

/**
 * `npm run import-prices`: has a running program take model prices from the price catalogue, and prints
 * what became of each. It signs in as the environment's first administrator, unless `--token` is given.
 */
const usage =
  'npm run import-prices -- --rate 7.1 [--currency CNY] [--provider openai] [--models gpt-4o,…] ' +
  '[--markup 1.2] [--without cache_write_1h_mtok,…] [--max-output 4096] [--costs] [--replace] ' +
  '[--dry-run] [--url http://…] [--token …]\n';

const Told = z.object({
  catalogue: z.string(),
  currency: z.string(),
  data: z.array(
    z.object({
      alias: z.string(),
      status: z.string(),
      reason: z.object({ message: z.string() }).optional(),
      from: z.object({ provider: z.string(), model: z.string() }).optional(),
      price: z.record(z.string(), z.string()).optional(),
      rounded_up: z.array(z.string()).optional(),
      cost: z.record(z.string(), z.string()).optional(),
      max_input_tokens: z.number().optional(),
    }),
  ),
});
type Told = z.output<typeof Told>;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ provider: { type: 'string' }, models: { type: 'string' }, without: { type: 'string' } },
      ...{ rate: { type: 'string' }, currency: { type: 'string' }, markup: { type: 'string' } },
      ...{ 'max-output': { type: 'string' }, url: { type: 'string' }, token: { type: 'string' } },
      ...{ costs: { type: 'boolean' }, replace: { type: 'boolean' }, help: { type: 'boolean' } },
      'dry-run': { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const { provider, rate, currency, markup, costs, replace } = values;
  const config = readConfig();
  const url = values.url ?? config.publicUrl ?? `http://127.0.0.1:${config.port}`;
  const token = values.token ?? (await signedIn(url, config.admin));
  const limit = values['max-output'];
  const asked = {
    ...{ provider, rate, currency, markup, costs, replace, dry_run: values['dry-run'] },
    models: values.models?.split(','),
    without: values.without?.split(','),
    default_max_output: limit === undefined ? undefined : Number(limit),
  };
  say(Told.parse(await post(`${url}/api/admin/models/import`, asked, token)));
}

async function signedIn(url: string, admin: object | undefined): Promise<string> {
  if (!admin) {
    throw new Error(`Set ADMIN_EMAIL and ADMIN_PASSWORD, or give --token of a session.\n${usage}`);
  }
  return z.object({ token: z.string() }).parse(await post(`${url}/api/signin`, admin)).token;
}

async function post(url: string, body: object, token?: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${saidIn(text)}`);
  return JSON.parse(text);
}

/** What an error says to a person; the text itself where it is none of ours. */
function saidIn(text: string): string {
  try {
    return z.object({ detail: z.string() }).parse(JSON.parse(text)).detail;
  } catch {
    return text;
  }
}

function say({ catalogue, currency, data }: Told): void {
  const hasCosts = data.some(({ cost }) => cost);
  const head = ['alias', 'status', 'from', `${currency} per 1M tokens`];
  const rows = data.map(({ alias, status, reason, from, price, cost, ...more }) => [
    ...[alias, status, from ? `${from.provider}/${from.model}` : '', amounts(price)],
    ...(hasCosts ? [amounts(cost)] : []),
    reason?.message ?? noteOf(more),
  ]);
  const lines = [[...head, ...(hasCosts ? ['our cost'] : []), ''], ...rows];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = lines.map((line) => line.map((cell, at) => cell.padEnd(widths?.[at] ?? 0)));
  const shown = text.map((line) => line.join('  ').trimEnd());
  process.stdout.write(`${shown.join('\n')}\nfrom ${catalogue}\n`);
}

function noteOf({
  rounded_up: rounded,
  max_input_tokens: most,
}: Pick<Told['data'][number], 'rounded_up' | 'max_input_tokens'>): string {
  const notes = [
    rounded ? `rounded up: ${rounded.join(', ')}` : [],
    most ? `reads at most ${most} tokens` : [],
  ];
  return notes.flat().join('; ');
}

function amounts(prices: Readonly<Record<string, string>> = {}): string {
  const told = Object.entries(prices).map(([name, price]) => `${name} ${price}`);
  return told.join(', ');
}
