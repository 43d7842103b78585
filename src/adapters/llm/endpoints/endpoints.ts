import { chat } from './chat.ts';
import { completions } from './completions.ts';
import { imageEdits, imageGenerations } from './drawing.ts';
import { embeddings } from './embeddings.ts';
import type { Endpoint, EndpointName } from './endpoint.ts';
import { transcriptions, translations } from './listening.ts';
import { moderations } from './moderations.ts';
import { speech } from './speech.ts';

/** Everything that may be asked of a model. */
export const endpoints: Readonly<Record<EndpointName, Endpoint>> = {
  chat,
  completions,
  embeddings,
  moderations,
  image_generations: imageGenerations,
  image_edits: imageEdits,
  speech,
  transcriptions,
  translations,
};
