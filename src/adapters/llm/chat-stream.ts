import { CallFault } from './call-fault.ts';
import { parseJson } from './parse-json.ts';
import type { Json } from './upstream.ts';

/** Turns events into chunks and knows whether the answer they make is whole. */
export interface ChatStream {
  read(events: readonly string[]): readonly Json[];
  /** What is left to say once the bytes of a whole answer have ended. */
  end?(): readonly Json[];
  /** A choice has begun. */
  begun(): boolean;
  /** The end mark has come. */
  ended(): boolean;
  /** The answer is whole even without the mark: every choice that began says why it ended. */
  finished(): boolean;
}

export function chatStream(): ChatStream {
  const begun = new Set<unknown>();
  const finished = new Set<unknown>();
  let hasMark = false;

  const note = (chunk: Json) => {
    for (const { index, finish_reason: reason } of choicesOf(chunk)) {
      begun.add(index);
      if (reason) finished.add(index);
    }
  };

  return {
    read(events) {
      const chunks: Json[] = [];
      for (const data of events) {
        if (data === '[DONE]') {
          hasMark = true;
          break;
        }
        const chunk = parseJson(data);
        if (!isJson(chunk)) throw broken(unusable);
        note(chunk);
        chunks.push(chunk);
      }
      return chunks;
    },
    begun: () => begun.size > 0,
    ended: () => hasMark && begun.size > 0,
    finished: () => begun.size > 0 && finished.size === begun.size,
  };
}

function choicesOf({ error, choices }: Json): readonly Json[] {
  if (error) throw broken('The upstream broke off its answer.').sayingAll(JSON.stringify(error));
  if (choices === undefined || choices === null) return [];
  if (!Array.isArray(choices) || !choices.every(isJson)) throw broken(unusable);
  return choices;
}

/** The JSON of a whole answer, or a fault. */
export function chatAnswer(text: string): Json {
  const parsed = parseJson(text);
  if (!isJson(parsed)) throw broken(unusable);
  const { choices } = parsed;
  if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isJson)) {
    throw broken(unusable);
  }
  return parsed;
}

const unusable = 'The upstream gave no usable answer.';

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const broken = (message: string, cause?: unknown) =>
  new CallFault('upstream_failed', message, { retryable: true, cause });
