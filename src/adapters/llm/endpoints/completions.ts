import { bareInputOf } from '../input.ts';
import type { Endpoint } from './endpoint.ts';
import { writing } from './plain.ts';
import { withUsage } from './with-usage.ts';

const known: ReadonlySet<string> = new Set(['prompt', 'best_of', 'echo']);

/**
 * The older way to ask: a choice is a text. `n` of a call counts every answer that is written, also those
 * that `best_of` has thrown away. Tokens given as numbers can't be measured in characters, so that such
 * a call takes no allowance of them.
 */
export const completions: Endpoint = {
  ...writing,
  path: '/completions',
  idPrefix: 'cmpl-',
  inputOf: (body) => bareInputOf(body, 'prompt', known),
  bodyOf({ body, model, stream, maxOutput }) {
    const { max_completion_tokens: _, ...rest } = body;
    return withUsage({ ...rest, model, max_tokens: maxOutput }, stream);
  },
  changeText(choice, change) {
    if (typeof choice.text === 'string') choice.text = change(choice.text);
  },
};
