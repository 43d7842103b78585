import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { ExecutionContext } from 'ava';
import pino from 'pino';
import { countTokens, messages } from '../../src/api/anthropic-messages.ts';
import { app } from '../../src/api/app.ts';
import type { Authenticate } from '../../src/api/caller.ts';
import { chatCompletions } from '../../src/api/chat-completions.ts';
import { completions } from '../../src/api/completions.ts';
import { embeddings } from '../../src/api/embeddings.ts';
import { ApiError } from '../../src/api/errors.ts';
import { imageEdits } from '../../src/api/image-edits.ts';
import { imageGenerations } from '../../src/api/image-generations.ts';
import type { ModelCallParts } from '../../src/api/model-call.ts';
import { model, models } from '../../src/api/models.ts';
import { moderations } from '../../src/api/moderations.ts';
import { responses } from '../../src/api/responses.ts';
import { speech } from '../../src/api/speech.ts';
import { transcriptions, translations } from '../../src/api/transcriptions.ts';
import type { PaidCalls } from './paid-calls.ts';
import type { Serving } from './serving.ts';
import { serving } from './serving.ts';

export const goodKey = 'sk-good';
/** Of a request in JSON. */
export const jsonHeaders = {
  authorization: `Bearer ${goodKey}`,
  'content-type': 'application/json',
};

const nobody = () => Promise.reject(new ApiError('unauthenticated'));
const authenticate: Authenticate = {
  anyone: () => Promise.resolve(undefined),
  ...{ session: nobody, session_or_key: nobody, admin: nobody },
  key: (authorization) =>
    authorization === `Bearer ${goodKey}`
      ? Promise.resolve({
          type: 'key',
          keyId: randomUUID(),
          memberId: randomUUID(),
          walletId: randomUUID(),
        })
      : Promise.reject(new ApiError('invalid_api_key')),
};

/** Whatever asks a model. */
const asking = [
  ...[chatCompletions, responses, messages, completions, embeddings, moderations],
  ...[imageGenerations, imageEdits, speech, transcriptions, translations],
];
const aliases = () => ['demo', 'a/b'];

type Options = Partial<Pick<ModelCallParts, 'gate' | 'stallMs' | 'keepAliveMs' | 'aliasFor'>>;

/** `/v1` on a port of its own; all its calls are paid by the one wallet of `calls`. */
export function startV1(
  calls: PaidCalls,
  { gate = () => null, ...times }: Options = {},
): Promise<Serving> {
  const answer: PaidCalls['metered']['answer'] = (call) =>
    calls.metered.answer({ ...call, walletId: calls.walletId });
  const routes = [
    ...asking.map((make) => make({ answer, gate, ...times })),
    ...[countTokens(calls.metered.countInput), models({ aliases }), model({ aliases })],
  ];
  const log = pino({ level: 'silent' });
  const server = createServer(app({ routes, authenticate, log, trustProxy: false }).callback());
  // A client on a busy machine would use again what has just been given up as idle.
  server.keepAliveTimeout = 600_000;
  return serving(server);
}

/** The same until a test ends. */
export async function serveV1(
  t: ExecutionContext,
  calls: PaidCalls,
  options: Options = {},
): Promise<string> {
  const { url, close } = await startV1(calls, options);
  t.teardown(close);
  return url;
}
