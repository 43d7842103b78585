import { hideUnknown } from './hide-unknown.ts';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

const ofEvent = new Set([
  ...['type', 'sequence_number', 'output_index', 'content_index', 'summary_index', 'item_id'],
  ...['annotation_index', 'item', 'part', 'delta', 'text', 'refusal', 'arguments', 'input'],
  ...['logprobs', 'annotation', 'name', 'obfuscation', 'response'],
]);
const ofResponse = new Set([
  ...['id', 'object', 'created_at', 'completed_at', 'status', 'error', 'incomplete_details'],
  ...['instructions', 'max_output_tokens', 'max_tool_calls', 'metadata', 'model', 'output'],
  ...['parallel_tool_calls', 'prompt_cache_key', 'reasoning', 'safety_identifier', 'temperature'],
  ...['text', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'truncation', 'usage', 'user'],
]);
const ofItem = new Set([
  ...['id', 'type', 'role', 'status', 'content', 'summary', 'encrypted_content'],
  ...['call_id', 'name', 'arguments', 'input'],
]);

/** What a Response is called by us. */
interface Own {
  readonly id: string;
  /** Undefined: whoever asks may know what else it says of itself. */
  readonly alias: string | undefined;
}

/** Puts our name and id on a Response, or on an event of one, in place. */
export function disguiseNative(native: Json, own: Own): void {
  if (native.object === 'response') {
    disguiseResponse(native, own);
    return;
  }
  if (isJson(native.response)) disguiseResponse(native.response, own);
  if (own.alias === undefined) return;
  hideUnknown(native, ofEvent);
  if (isJson(native.item)) hideUnknown(native.item, ofItem);
}

function disguiseResponse(response: Json, { id, alias }: Own): void {
  response.id = id;
  if (alias === undefined) return;
  response.model = alias;
  hideUnknown(response, ofResponse);
  const { output } = response;
  for (const item of Array.isArray(output) ? output : []) {
    if (isJson(item)) hideUnknown(item, ofItem);
  }
}
