import { z } from 'zod';

/** A mark for a cache, which keeps as long as is usual: longer is written at a price that no list has. */
export const CacheMark = z
  .looseObject({})
  .transform(({ ttl: _, ...mark }) => mark)
  .optional();
