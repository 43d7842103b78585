import { z } from 'zod';
import type { ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall } from './model-call.ts';
import { ModelName } from './model-name.ts';
import { bytesReply, modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';
import { bareFraming } from './sse.ts';

const mostCharacters = 4_096;

/** By `response_format`; the upstream's own word for it is not believed. */
const types = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
} as const;

const SpeechRequest = z.looseObject({
  model: ModelName,
  input: z.string().min(1).max(mostCharacters),
  voice: z.union([z.string(), z.looseObject({ id: z.string() })]),
  instructions: z.string().max(mostCharacters).nullish(),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).default('mp3'),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.enum(['audio', 'sse']).nullish(),
});

/** `POST /v1/audio/speech`. */
export const speech = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/audio/speech',
    who: 'key',
    summary: 'A text read aloud, as it comes; events when `stream_format` is `sse`',
    body: SpeechRequest,
    limitBytes,
    reply: z.custom<never>().meta({ type: 'string', format: 'binary' }),
    produces: 'application/octet-stream',
    async handle({ caller, body, request }) {
      const made = await modelCall(parts, { caller, request }, callOf(body));
      if (body.stream_format !== 'sse') {
        return bytesReply({ ...parts, made, request }, types[body.response_format]);
      }
      return modelReply({ ...parts, made, request, framing: bareFraming });
    },
  });

const callOf = (body: z.output<typeof SpeechRequest>) => ({
  endpoint: 'speech' as const,
  model: body.model,
  body,
  stream: true,
  n: 1,
  outputTokens: undefined,
  wantsUsage: false,
});
