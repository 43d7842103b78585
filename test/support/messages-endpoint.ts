import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import pino from 'pino';
import { anthropicUpstream } from '../../src/adapters/llm/anthropic.ts';
import { geminiUpstream } from '../../src/adapters/llm/gemini.ts';
import { countTokens, messages } from '../../src/api/anthropic-messages.ts';
import { app } from '../../src/api/app.ts';
import type { Authenticate } from '../../src/api/caller.ts';
import { chatCompletions } from '../../src/api/chat-completions.ts';
import { ApiError } from '../../src/api/errors.ts';
import { responses } from '../../src/api/responses.ts';
import type { PaidCalls } from './paid-calls.ts';

const nobody = () => Promise.reject(new ApiError('unauthenticated'));
const authenticate: Authenticate = {
  anyone: () => Promise.resolve(undefined),
  session: nobody,
  session_or_key: nobody,
  admin: nobody,
  key: (authorization) =>
    authorization === 'Bearer sk-good'
      ? Promise.resolve({
          type: 'key',
          keyId: randomUUID(),
          memberId: randomUUID(),
          walletId: randomUUID(),
        })
      : Promise.reject(new ApiError('invalid_api_key')),
};

/** The endpoints of all protocols on a port of their own; all calls are paid by the one wallet of `calls`. */
export async function serveMessages(
  calls: PaidCalls,
  { stallMs = 60_000 } = {},
): Promise<{ url: string; close(): void }> {
  const answer: PaidCalls['metered']['answer'] = (call) =>
    calls.metered.answer({ ...call, walletId: calls.walletId });
  const parts = { answer, gate: () => null, stallMs };
  const routes = [
    messages(parts),
    countTokens(calls.metered.countInput),
    chatCompletions(parts),
    responses(parts),
  ];
  const log = pino({ level: 'silent' });
  const server: Server = app({ routes, authenticate, log, trustProxy: false }).listen(
    0,
    '127.0.0.1',
  );
  // A client on a busy machine would use again what has just been given up as idle.
  server.keepAliveTimeout = 600_000;
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

const at = (baseUrl: string, silenceMs: number) => ({
  baseUrl,
  timeouts: { connectMs: 5_000, firstTokenMs: silenceMs, idleMs: silenceMs },
});

export const toAnthropic = (baseUrl: string, silenceMs = 20_000) =>
  anthropicUpstream({ id: 'claude', apiKey: 'sk-ant-secret', ...at(baseUrl, silenceMs) });

export const toGemini = (baseUrl: string, silenceMs = 20_000) =>
  geminiUpstream({ id: 'gemini', apiKey: 'AIza-secret', ...at(baseUrl, silenceMs) });
