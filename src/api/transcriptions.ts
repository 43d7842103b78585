import { z } from 'zod';
import { Flag } from './form-fields.ts';
import type { MadeCall, ModelCallParts } from './model-call.ts';
import { modelCall } from './model-call.ts';
import { ModelName } from './model-name.ts';
import { modelReply } from './model-reply.ts';
import { UploadField } from './read-form.ts';
import type { Answer, Route } from './route.ts';
import { route } from './route.ts';

const mostSoundBytes = 25 * 1_024 * 1_024;
/** Beside the sound itself, in a form. */
const mostOtherBytes = 1_024 * 1_024;

const SoundForm = z.looseObject({
  model: ModelName,
  file: UploadField.refine(({ bytes }) => bytes.length > 0 && bytes.length <= mostSoundBytes),
  response_format: z
    .enum(['json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json'])
    .default('json'),
  prompt: z.string().optional(),
  stream: Flag,
});

/** Of `text`, `srt` and `vtt` the text alone is answered, as it is. */
const SoundReply = z.looseObject({ text: z.string() });

/** `POST /v1/audio/transcriptions`. */
export const transcriptions = (parts: ModelCallParts): Route =>
  listening(parts, 'transcriptions', 'A sound as text; streams when `stream` is true');

/** `POST /v1/audio/translations`. */
export const translations = (parts: ModelCallParts): Route =>
  listening(parts, 'translations', 'A sound as English text');

const listening = (
  parts: ModelCallParts,
  endpoint: 'transcriptions' | 'translations',
  summary: string,
): Route =>
  route({
    method: 'POST',
    path: `/v1/audio/${endpoint}`,
    who: 'key',
    summary,
    body: SoundForm,
    accepts: 'multipart',
    limitBytes: mostSoundBytes + mostOtherBytes,
    reply: SoundReply,
    async handle({ caller, body, request }) {
      const { model, stream = false, response_format: format } = body;
      const asked = { endpoint, model, body, stream, ...heard };
      const made = await modelCall(parts, { caller, request }, asked);
      return textReply(made, format) ?? modelReply({ ...parts, made, request });
    },
  });

const heard = { n: 1, outputTokens: undefined, wantsUsage: false };

function textReply({ answer }: MadeCall, format: string): Answer<never> | undefined {
  if (answer.stream || format.endsWith('json')) return undefined;
  const text = String(answer.body.text ?? '');
  return {
    text: format === 'text' ? `${text}\n` : text,
    type: 'text/plain; charset=utf-8',
  };
}
