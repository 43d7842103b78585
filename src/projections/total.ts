import { z } from 'zod';

/** A sum of amounts: canonical, and possibly longer than any one amount may be. */
export const Total = z.string().regex(/^-?\d+(\.\d{1,12})?$/);
