import { isJson } from './json.ts';
import { effortOf } from './plain-request.ts';
import type { Json } from './upstream.ts';

interface Budget {
  readonly least: number;
  readonly most: number;
  /** It can be told not to think at all. */
  readonly mayRest: boolean;
}

/** These think within a budget that they are given; later ones are told a level, earlier ones don't think. */
const budgets: readonly (readonly [RegExp, Budget])[] = [
  [/gemini-2\.5-pro/, { least: 128, most: 32_768, mayRest: false }],
  [/gemini-2\.5-flash-lite/, { least: 512, most: 24_576, mayRest: true }],
  [/gemini-2\.5/, { least: 1, most: 24_576, mayRest: true }],
];
const levelled = /gemini-([3-9]|\d\d|(pro|flash|flash-lite)-latest)/;

/** A model without rest is told the least that each of them knows. */
const levels: Readonly<Record<string, string>> = {
  none: 'low',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
};
/** What of an answer a model may think, by how much effort is wished. */
const shares: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 0.2,
  low: 0.25,
  medium: 0.5,
  high: 0.75,
  xhigh: 0.9,
};

/** Its calls are refused without the signature that they came with. */
export const isSigned = (model: string): boolean => levelled.test(model);

/** How a model is to think; undefined: as it does by itself. Thoughts are part of the paid output. */
export function geminiThinking(
  body: Readonly<Json>,
  model: string,
  maxOutput: number,
): Json | undefined {
  const effort = wishedEffort(body);
  if (effort === undefined) return undefined;
  if (levelled.test(model)) {
    return { thinkingLevel: levels[effort] ?? 'high', includeThoughts: effort !== 'none' };
  }
  const [, budget] = budgets.find(([name]) => name.test(model)) ?? [];
  if (!budget) return undefined;
  const tokens = within(budget, Math.floor(maxOutput * (shares[effort] ?? 0.5)));
  return { thinkingBudget: tokens, includeThoughts: effort !== 'none' };
}

function within({ least, most, mayRest }: Budget, tokens: number): number {
  if (tokens >= least) return Math.min(tokens, most);
  return mayRest ? 0 : least;
}

/** In OpenAI's words, or in Anthropic's. */
function wishedEffort({ reasoning_effort: effort, ...body }: Readonly<Json>): string | undefined {
  if (typeof effort === 'string') return effort;
  const { thinking, output_config: own } = body;
  if (isJson(thinking) && thinking.type === 'disabled') return 'none';
  return effortOf(thinking, own);
}
