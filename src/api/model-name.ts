import { z } from 'zod';

/** Whom a call asks; left out, the default alias of the installation answers, if it has one. */
export const ModelName = z.string().min(1).max(256).nullish();
