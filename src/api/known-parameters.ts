import { z } from 'zod';
import type { Method } from './route.ts';

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly query?: z.ZodType;
}

/**
 * What a query string may name, where it may name nothing else: a filter that nobody knows would list what
 * it was to leave out. Undefined where more is sent than is known, by clients of `/v1` and by mailers.
 */
export function knownParameters({ method, path, query }: Asked): z.ZodType | undefined {
  if (method !== 'GET' || !path.startsWith('/api/')) return undefined;
  const names = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
  return z.strictObject(Object.fromEntries(names.map((name) => [name, z.string().optional()])));
}
