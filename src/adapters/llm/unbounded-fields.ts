import { CallFault } from './call-fault.ts';
import { isJson } from './json.ts';
import { isWish, refuseKept } from './kept-elsewhere.ts';
import type { Json } from './upstream.ts';

/**
 * Fields whose cost nothing in the request bounds: paid beside the tokens, at another price, or for an
 * answer that is fetched later (xAI's `deferred`); or that send an upstream which is a gateway itself
 * (LiteLLM's `api_base`) to other servers, models or accounts than ours, or tell those there what we don't.
 */
const unbounded = [
  ...['search_parameters', 'enable_search', 'enable_code_interpreter', 'connectors', 'mcp_servers'],
  ...['plugins', 'provider', 'models', 'fallbacks', 'deferred'],
  ...['context_window_fallbacks', 'content_policy_fallbacks', 'context_window_fallback_dict'],
  ...['api_base', 'base_url', 'api_key', 'model_list', 'user_config', 'custom_llm_provider'],
  ...['extra_headers', 'extra_query'],
] as const;

/**
 * What a request comes to hangs on these, which are read where a request has them: gateways let what is in
 * `extra_body` outdo that.
 */
const decisive = [
  ...['model', 'messages', 'prompt', 'input', 'n', 'best_of', 'stream', 'stream_options'],
  ...['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'service_tier'],
  ...['tools', 'functions', 'modalities', 'audio', 'prediction', 'web_search_options'],
  ...['size', 'quality', 'extra_body'],
] as const;

/** Throws for the first field of a request that nothing bounds, or that names what is kept at a provider. */
export function refuseFields(body: Readonly<Json>): void {
  refuseWithin(body, '', unbounded);
  const { extra_body: extra } = body;
  if (!isJson(extra)) return;
  refuseWithin(extra, 'extra_body.', [...unbounded, ...decisive]);
  const { google } = extra;
  // Google has its own in there.
  if (isJson(google)) refuseWithin(google, 'extra_body.google.', unbounded);
}

function refuseWithin(json: Readonly<Json>, path: string, fields: readonly string[]): void {
  refuseKept(json, path);
  const field = fields.find((name) => isWish(json[name]));
  if (field !== undefined) throw unsupported(`${path}${field}`);
}

/** Refuses a field whose cost nothing bounds. */
export const unsupported = (param: string): CallFault =>
  new CallFault('unsupported_input', `\`${param}\` is not supported: its cost has no bound.`, {
    param,
    why: 'unsupported_field',
    values: { param },
  });
