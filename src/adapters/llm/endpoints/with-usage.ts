import { isJson } from '../json.ts';
import type { Json } from '../upstream.ts';

/** A stream's usage is asked for, whatever the member wants to see; no other request has such options. */
export function withUsage({ stream_options: wishes, ...body }: Json, stream: boolean): Json {
  if (!stream) return body;
  return { ...body, stream_options: { ...(isJson(wishes) ? wishes : {}), include_usage: true } };
}
