import { z } from 'zod';

/** The paths of what may be asked of a model; `/v1/messages/count_tokens` goes with `/v1/messages`. */
export const permittedEndpoints = [
  '/v1/audio/speech',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/images/edits',
  '/v1/images/generations',
  '/v1/messages',
  '/v1/moderations',
  '/v1/responses',
] as const;

/** Endpoints as a plan or a key lists them: a path that is none would permit nothing, unnoticed. */
export const WrittenEndpoints = z
  .array(z.enum(permittedEndpoints))
  .max(permittedEndpoints.length)
  .nullable()
  .describe('null: all; an empty list: none');
