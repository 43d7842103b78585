import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import pino from 'pino';
import { app } from '../../src/api/app.ts';
import type { Authenticate } from '../../src/api/caller.ts';
import { chatCompletions } from '../../src/api/chat-completions.ts';
import { completions } from '../../src/api/completions.ts';
import { embeddings } from '../../src/api/embeddings.ts';
import { ApiError } from '../../src/api/errors.ts';
import { imageEdits } from '../../src/api/image-edits.ts';
import { imageGenerations } from '../../src/api/image-generations.ts';
import { moderations } from '../../src/api/moderations.ts';
import { speech } from '../../src/api/speech.ts';
import { transcriptions, translations } from '../../src/api/transcriptions.ts';
import type { PaidCalls } from './paid-calls.ts';

export const goodKey = 'sk-good';

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

/** What of `/v1` asks a model, on a port of its own; all its calls are paid by the one wallet of `calls`. */
export async function serveV1(
  calls: PaidCalls,
  { stallMs = 60_000 } = {},
): Promise<{ readonly url: string; close(): void }> {
  const answer: PaidCalls['metered']['answer'] = (call) =>
    calls.metered.answer({ ...call, walletId: calls.walletId });
  const parts = { answer, gate: () => null, stallMs };
  const all = [chatCompletions, completions, embeddings, moderations, imageGenerations, imageEdits];
  const routes = [...all, speech, transcriptions, translations].map((make) => make(parts));
  const log = pino({ level: 'silent' });
  const server: Server = app({ routes, authenticate, log, trustProxy: false }).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('No port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
