import { isJson } from './chat-stream.ts';
import type { Json } from './upstream.ts';

/**
 * Puts every text that a message or a delta carries through `change`, in place: what it says, refuses
 * and reasons, and the arguments of the tools it calls.
 */
export function changeWritten(message: Json, change: (text: string) => string): void {
  changeFields(message, ['content', 'refusal'], change);
  changeReasoning(message, change);
  for (const part of jsons(message.content)) changeFields(part, ['text', 'refusal'], change);
  for (const called of calledIn(message)) changeFields(called, ['arguments', 'input'], change);
}

/** The functions and tools that a message or a delta calls: `arguments` are JSON, `input` is any text. */
export const calledIn = ({ tool_calls: calls, function_call: older }: Json): readonly Json[] =>
  [...jsons(calls).flatMap((call) => [call.function, call.custom]), older].filter(isJson);

/** Two names are in use for it; who writes the same under both has written it once. */
function changeReasoning(message: Json, change: (text: string) => string): void {
  const { reasoning_content: said, reasoning } = message;
  changeFields(message, ['reasoning_content'], change);
  if (reasoning !== said) changeFields(message, ['reasoning'], change);
  else if (message.reasoning_content !== said) message.reasoning = message.reasoning_content;
}

function changeFields(
  json: Json,
  fields: readonly (keyof Json)[],
  change: (text: string) => string,
): void {
  for (const field of fields) {
    const text = json[field];
    if (typeof text !== 'string' || text === '') continue;
    const changed = change(text);
    if (changed !== text) json[field] = changed;
  }
}

const jsons = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isJson) : [];
