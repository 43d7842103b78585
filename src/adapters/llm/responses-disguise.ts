import { isJson } from './chat-stream.ts';
import { hideUnknown } from './hide-unknown.ts';
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

/** Puts our name and id on a Response, or on an event of one, in place. */
export function disguiseNative(native: Json, { id, alias }: { id: string; alias: string }): void {
  const response = isJson(native.response) ? native.response : undefined;
  if (response) disguiseResponse(response, { id, alias });
  else if (native.object === 'response') return disguiseResponse(native, { id, alias });
  hideUnknown(native, ofEvent);
  if (isJson(native.item)) hideUnknown(native.item, ofItem);
}

function disguiseResponse(response: Json, { id, alias }: { id: string; alias: string }): void {
  response.id = id;
  response.model = alias;
  hideUnknown(response, ofResponse);
  const { output } = response;
  for (const item of Array.isArray(output) ? output : []) {
    if (isJson(item)) hideUnknown(item, ofItem);
  }
}
