import { z } from 'zod';
import {
  ImagesReply,
  imageWishes,
  mostPictures,
  mostPreviews,
  picturesAsked,
} from './image-schemas.ts';
import type { ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall } from './model-call.ts';
import { modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';
import { anyNamedFraming } from './sse.ts';

const ImageRequest = z.looseObject({
  ...imageWishes,
  n: z.int().min(1).max(mostPictures).nullish(),
  partial_images: z.int().min(0).max(mostPreviews).nullish(),
});

/** `POST /v1/images/generations`. */
export const imageGenerations = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/images/generations',
    who: 'key',
    summary: 'Pictures from a text; streams when `stream` is true',
    body: ImageRequest,
    limitBytes,
    reply: ImagesReply,
    async handle({ caller, body, request }) {
      const made = await modelCall(
        parts,
        { caller, request },
        picturesAsked('image_generations', body),
      );
      return modelReply({ ...parts, made, request, framing: anyNamedFraming });
    },
  });
