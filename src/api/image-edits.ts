import { z } from 'zod';
import { Count, Flag } from './form-fields.ts';
import {
  ImagesReply,
  imageWishes,
  mostPictures,
  mostPreviews,
  picturesAsked,
} from './image-schemas.ts';
import type { ModelCallParts } from './model-call.ts';
import { modelCall } from './model-call.ts';
import { modelReply } from './model-reply.ts';
import { UploadField } from './read-form.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';
import { anyNamedFraming } from './sse.ts';

/** Of all pictures together. */
const mostImageBytes = 50 * 1_024 * 1_024;

const Uploads = z.union([UploadField, z.array(UploadField)]).optional();

const ImageForm = z
  .looseObject({
    ...imageWishes,
    image: Uploads,
    'image[]': Uploads,
    mask: UploadField.optional(),
    n: Count(1, mostPictures),
    partial_images: Count(0, mostPreviews),
    stream: Flag,
  })
  .refine((form) => form.image !== undefined || form['image[]'] !== undefined, {
    path: ['image'],
  });

/** `POST /v1/images/edits`. */
export const imageEdits = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/images/edits',
    who: 'key',
    summary: 'Pictures from pictures and a text; streams when `stream` is true',
    body: ImageForm,
    accepts: 'multipart',
    limitBytes: mostImageBytes,
    reply: ImagesReply,
    async handle({ caller, body, request }) {
      const made = await modelCall(parts, { caller, request }, picturesAsked('image_edits', body));
      return modelReply({ ...parts, made, request, framing: anyNamedFraming });
    },
  });
