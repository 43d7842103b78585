import type { AnswerStream } from './answer-stream.ts';
import { unusable } from './call-fault.ts';
import { isJson, parseJson } from './json.ts';
import { streamRefusal } from './refusal.ts';
import type { Json } from './upstream.ts';

/** Reads chunks of a chat: whole when its mark has come, or when every choice that began has said why it ended. */
export function chatStream(): AnswerStream {
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
        if (!isJson(chunk)) throw unusable();
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
  if (error) throw streamRefusal({ error });
  if (choices === undefined || choices === null) return [];
  if (!Array.isArray(choices) || !choices.every(isJson)) throw unusable();
  return choices;
}

/** The JSON of a whole answer, or a fault. */
export function chatAnswer(text: string): Json {
  const parsed = parseJson(text);
  if (!isJson(parsed)) throw unusable();
  const { choices } = parsed;
  if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isJson)) {
    throw unusable();
  }
  return parsed;
}
