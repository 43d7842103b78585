import type { Scripted } from '../../../support/scripted-server.ts';
import type { Refusal } from './provider-case.ts';
import { text } from './provider-case.ts';

type Usage = Readonly<Record<string, unknown>>;

export const head = { id: 'x-1', created: 1_767_225_600, model: 'm' };

/** An answer at once. */
export const whole = (usage: Usage, message: object = {}, more: object = {}): Scripted => ({
  body: {
    ...{ ...head, object: 'chat.completion', ...more, usage },
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, ...message },
        finish_reason: 'stop',
      },
    ],
  },
});

export const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  ...{ ...head, object: 'chat.completion.chunk' },
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
/** The chunks that say the text. */
export const said = [chunk({ role: 'assistant', content: '你好' }), chunk({ content: ', world' })];
export const ended = chunk({}, 'stop');
/** A chunk that only counts. */
export const counted = (usage: Usage) => ({ ...head, choices: [], usage });
/** OpenAI's way: the usage in a chunk of its own, before the mark. */
export const apart = (usage: Usage): Scripted => ({
  events: [...said, ended, counted(usage), '[DONE]'],
});
/** The usage in the last chunk that says something. */
export const inLast = (usage: Usage): Scripted => ({
  events: [...said, chunk({}, 'stop', { usage }), '[DONE]'],
});
/** A refusal, as most of them write it. */
export const error = (
  status: number,
  fields: object,
  headers: Record<string, string> = {},
): Scripted => ({
  ...{ status, headers },
  body: { error: fields },
});
export const rateLimited = (code: string): Refusal => [
  'too many requests',
  error(
    429,
    { message: 'Slow down.', type: 'requests', param: null, code },
    { 'retry-after': '7' },
  ),
  'limited',
];

/** A usage without details. */
export const plainUsage = { prompt_tokens: 20, completion_tokens: 9, total_tokens: 29 };
/** What our classes make of it. */
export const plain = { input: 20, cachedInput: 0, output: 9, reasoning: 0 };
/** With what is cached and what was thought. */
export const detailed = {
  ...plainUsage,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 4 },
};
/** What our classes make of that. */
export const inClasses = { input: 12, cachedInput: 8, output: 5, reasoning: 4 };

/** The same with more input, of which a cache took so much. */
export const writing = (details: Usage): Usage => ({
  ...{ ...detailed, prompt_tokens: 120, total_tokens: 129 },
  prompt_tokens_details: { cached_tokens: 8, ...details },
});
/** What our classes make of that, if it took 100. */
export const writtenInClasses = { ...inClasses, cacheWrite: 100 };
