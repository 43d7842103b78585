import type { Scripted } from '../../../support/scripted-server.ts';
import type { ProviderCase } from './provider-case.ts';
import { key, text } from './provider-case.ts';

const anthropicUsage = { input_tokens: 12, cache_read_input_tokens: 8, output_tokens: 9 };
const anthropicError = (status: number, type: string, message: string): Scripted => ({
  status,
  body: { type: 'error', error: { type, message } },
});

export const claude: ProviderCase = {
  ...{ kind: 'claude', base: '', path: '/v1/messages', probePath: '/v1/models' },
  ...{ keyHeader: ['x-api-key', key], limit: 'max_tokens' },
  usage: { input: 12, cachedInput: 8, output: 9, reasoning: 0 },
  whole: {
    body: {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn' },
      ...{ content: [{ type: 'text', text }], usage: anthropicUsage },
    },
  },
  stream: {
    events: [
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          role: 'assistant',
          content: [],
          usage: { ...anthropicUsage, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ],
  },
  refusals: [
    ['a wrong key', anthropicError(401, 'authentication_error', 'invalid x-api-key'), 'key'],
    [
      'no credit',
      anthropicError(400, 'invalid_request_error', 'Your credit balance is too low.'),
      'key',
    ],
    ['no such model', anthropicError(404, 'not_found_error', 'model: m'), 'model'],
    [
      'a context that is too long',
      anthropicError(
        ...([400, 'invalid_request_error'] as const),
        'prompt is too long: 208310 tokens > 200000 maximum',
      ),
      'too_long',
    ],
    [
      'an output that the context has no room for',
      anthropicError(
        ...([400, 'invalid_request_error'] as const),
        'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease either',
      ),
      'too_long',
    ],
    [
      'an answer that is filtered',
      anthropicError(
        ...([400, 'invalid_request_error'] as const),
        'Output blocked by content filtering policy',
      ),
      'filtered',
    ],
    [
      'a wrong field',
      anthropicError(400, 'invalid_request_error', 'max_tokens: required'),
      'theirs',
    ],
    ['too many requests', anthropicError(429, 'rate_limit_error', 'Slow down.'), 'limited'],
    ['overloaded', anthropicError(529, 'overloaded_error', 'Overloaded'), 'busy'],
  ],
};
