import type { Json } from '../adapters/llm/upstream.ts';

/** Fields without the wishes for nothing. */
export const written = (fields: Json): Json =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
