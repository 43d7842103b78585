import { isJson } from './chat-stream.ts';
import type { Family } from './tokenizer.ts';
import { countTokens } from './tokenizer.ts';
import type { Json } from './upstream.ts';

/** Everything that a model has written in a call, kept in case nobody else counts it. */
export interface Received {
  /** Notes a chunk's or a body's text. */
  take(answer: Json): void;
  /** Notes the text in a body of which only the beginning came. */
  takePartial(text: string): void;
  /** Nothing that a model has written was taken. */
  isEmpty(): boolean;
  /** All that was taken is now with the client. */
  delivered(): void;
  isDelivered(): boolean;
  tokens(family: Family, which: 'received' | 'delivered'): Promise<number>;
}

export function received(): Received {
  const texts: string[] = [];
  const owners: number[] = [];
  let deliveredTexts = 0;
  let isDelivered = false;

  const add = (owner: number, text: unknown) => {
    if (typeof text !== 'string' || text === '') return;
    texts.push(text);
    owners.push(owner);
  };
  const addParts = (owner: number, parts: unknown) => {
    if (!Array.isArray(parts)) return;
    for (const part of parts) if (isJson(part)) add(owner, part.text);
  };
  const addFunction = (owner: number, called: unknown) => {
    if (!isJson(called)) return;
    add(owner, called.name);
    add(owner, called.arguments);
  };
  const addToolCalls = (owner: number, calls: unknown) => {
    if (!Array.isArray(calls)) return;
    for (const call of calls) if (isJson(call)) addFunction(owner, call.function);
  };
  const addMessage = (owner: number, message: Json) => {
    add(owner, message.content);
    addParts(owner, message.content);
    add(owner, message.refusal);
    add(owner, message.reasoning_content ?? message.reasoning);
    addToolCalls(owner, message.tool_calls);
    addFunction(owner, message.function_call);
  };

  return {
    take({ choices }) {
      if (!Array.isArray(choices)) return;
      for (const choice of choices) {
        if (!isJson(choice)) continue;
        const message = choice.delta ?? choice.message;
        if (isJson(message)) addMessage(Number(choice.index ?? 0), message);
      }
    },
    takePartial(text) {
      for (const [, , value = ''] of text.matchAll(writtenField)) add(0, unescaped(value));
    },
    isEmpty: () => texts.length === 0,
    delivered() {
      isDelivered = true;
      deliveredTexts = texts.length;
    },
    isDelivered: () => isDelivered,
    tokens(family, which) {
      const count = which === 'received' ? texts.length : deliveredTexts;
      const byOwner = Map.groupBy(texts.slice(0, count).keys(), (index) => owners[index]);
      const answers = [...byOwner.values()].map((indices) =>
        indices.map((index) => texts[index]).join(''),
      );
      return countTokens(family, answers);
    },
  };
}

const writtenField =
  /"(content|refusal|arguments|reasoning_content|reasoning)"\s*:\s*"((?:[^"\\]|\\.)*)/gs;

/** A JSON string's text, as far as it goes: an escape that is cut off is left out. */
function unescaped(raw: string): string {
  const whole = raw.replace(/\\u[\da-fA-F]{0,3}$/, '');
  try {
    return String(JSON.parse(`"${whole}"`));
  } catch {
    return whole;
  }
}
