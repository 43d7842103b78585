import { z } from 'zod';

/** What a message or a delta says of its reasoning, in whatever words an upstream tells it. */
export const Thoughts = z.looseObject({
  reasoning_content: z.string().nullish().catch(undefined),
  reasoning: z.string().nullish().catch(undefined),
  reasoning_details: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        signature: z.string().nullish(),
        data: z.string().nullish(),
      }),
    )
    .nullish()
    .catch(undefined),
});
export type Thoughts = z.output<typeof Thoughts>;
