import { z } from 'zod';
import type { ModelCall } from '../adapters/llm/model-call.ts';
import { Switch } from './chat-schemas.ts';
import { ModelName } from './model-name.ts';

/** Characters of a prompt, pictures of one call, and previews of a picture: OpenAI's own limits. */
export const mostPrompt = 32_000;
export const mostPictures = 10;
export const mostPreviews = 3;

const Short = z.string().max(64).nullish();

/** What a request for pictures may say beside what it asks; every other field goes to the model as it is. */
export const imageWishes = {
  model: ModelName,
  prompt: z.string().min(1).max(mostPrompt),
  size: Short,
  quality: Short,
  response_format: z.enum(['url', 'b64_json']).nullish(),
  stream: Switch,
  user: z.string().nullish(),
};

/** Pictures come as data; who asked for an address gets one that holds the data itself. */
export const ImagesReply = z.looseObject({
  created: z.int(),
  data: z.array(z.looseObject({ b64_json: z.string().optional(), url: z.string().optional() })),
});

type Asked = z.output<z.ZodObject<typeof imageWishes>> & {
  readonly n?: number | null | undefined;
};

/** What is asked for pictures, as a call. */
export const picturesAsked = (
  endpoint: 'image_edits' | 'image_generations',
  body: Asked & ModelCall['body'],
) => ({
  ...{ endpoint, body, model: body.model },
  stream: body.stream ?? false,
  n: body.n ?? 1,
  outputTokens: undefined,
  wantsUsage: false,
});
