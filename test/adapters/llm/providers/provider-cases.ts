import type { UpstreamKind } from '../../../../src/domain/upstream/events.ts';
import type { Scripted } from '../../../support/scripted-server.ts';

/** What a provider documents: how it is asked, what it answers, and how it refuses. */
export interface ProviderCase {
  readonly kind: UpstreamKind;
  /** Behind the server's address in the base URL. */
  readonly base: string;
  readonly path: string;
  readonly probePath: string;
  readonly keyHeader: readonly [name: string, value: string];
  readonly limit: 'max_tokens' | 'max_completion_tokens' | 'maxOutputTokens';
  readonly whole: Scripted;
  readonly stream: Scripted;
  /** Of both. */
  readonly text: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly refusals: readonly Refusal[];
}

/** A documented error and what it means to a call. */
export type Refusal = readonly [what: string, answer: Scripted, meaning: Meaning];
export type Meaning = 'theirs' | 'key' | 'model' | 'limited' | 'busy';

export const key = 'sk-of-a-provider';
const bearer = ['authorization', `Bearer ${key}`] as const;
const head = { id: 'x-1', created: 1_767_225_600, model: 'm' };
const text = '你好, world';

type Usage = Readonly<Record<string, unknown>>;

const whole = (usage: Usage, message: object = {}, more: object = {}): Scripted => ({
  body: {
    ...{ ...head, object: 'chat.completion', ...more, usage },
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, ...message },
        finish_reason: 'stop',
      },
    ],
  },
});

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  ...{ ...head, object: 'chat.completion.chunk' },
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const said = [chunk({ role: 'assistant', content: '你好' }), chunk({ content: ', world' })];
const ended = chunk({}, 'stop');
const counted = (usage: Usage) => ({ ...head, choices: [], usage });
/** OpenAI's way: the usage in a chunk of its own, before the mark. */
const apart = (usage: Usage): Scripted => ({ events: [...said, ended, counted(usage), '[DONE]'] });
/** The usage in the last chunk that says something. */
const inLast = (usage: Usage): Scripted => ({
  events: [...said, chunk({}, 'stop', { usage }), '[DONE]'],
});
const error = (status: number, fields: object, headers: Record<string, string> = {}): Scripted => ({
  ...{ status, headers },
  body: { error: fields },
});
const rateLimited = (code: string): Refusal => [
  'too many requests',
  error(
    429,
    { message: 'Slow down.', type: 'requests', param: null, code },
    { 'retry-after': '7' },
  ),
  'limited',
];

const plainUsage = { prompt_tokens: 20, completion_tokens: 9, total_tokens: 29 };
const plain = { input: 20, cachedInput: 0, output: 9, reasoning: 0 };
const detailed = {
  ...plainUsage,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 4 },
};
const inClasses = { input: 12, cachedInput: 8, output: 5, reasoning: 4 };

const usageMetadata = {
  ...{ promptTokenCount: 20, cachedContentTokenCount: 8 },
  ...{ candidatesTokenCount: 9, thoughtsTokenCount: 31, totalTokenCount: 60 },
};
const generated = (said: string, finishReason?: string) => ({
  ...{ index: 0, content: { role: 'model', parts: [{ text: said }] }, finishReason },
});

const openAiRefusals: readonly Refusal[] = [
  [
    'a wrong key',
    error(401, {
      message: 'Incorrect API key provided.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    }),
    'key',
  ],
  [
    'no quota left',
    error(429, {
      message: 'You exceeded your current quota.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
    'key',
  ],
  rateLimited('rate_limit_exceeded'),
  [
    'no such model',
    error(404, {
      message: 'The model `m` does not exist or you do not have access to it.',
      code: 'model_not_found',
    }),
    'model',
  ],
  [
    'a wrong field',
    error(400, {
      message: 'temperature must be at most 2.',
      type: 'invalid_request_error',
      param: 'temperature',
    }),
    'theirs',
  ],
  ['overloaded', error(503, { message: 'The engine is overloaded.' }), 'busy'],
];

const anthropicUsage = { input_tokens: 12, cache_read_input_tokens: 8, output_tokens: 9 };
const anthropicError = (status: number, type: string, message: string): Scripted => ({
  status,
  body: { type: 'error', error: { type, message } },
});

export const providerCases: readonly ProviderCase[] = [
  {
    ...{ kind: 'openai', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
    ...{ keyHeader: bearer, limit: 'max_completion_tokens', text, usage: inClasses },
    ...{ whole: whole(detailed), stream: apart(detailed), refusals: openAiRefusals },
  },
  {
    ...{ kind: 'openai_like', base: '/api', path: '/api/chat/completions' },
    ...{ probePath: '/api/models', keyHeader: bearer, limit: 'max_tokens', text, usage: plain },
    ...{ whole: whole(plainUsage), stream: inLast(plainUsage), refusals: openAiRefusals },
  },
  {
    ...{ kind: 'azure', base: '?api-version=2025-01-01-preview' },
    path: '/openai/deployments/m/chat/completions?api-version=2025-01-01-preview',
    probePath: '/openai/models?api-version=2025-01-01-preview',
    ...{ keyHeader: ['api-key', key], limit: 'max_completion_tokens', text, usage: inClasses },
    whole: whole(detailed, {}, { prompt_filter_results: [{ prompt_index: 0 }] }),
    stream: {
      events: [
        { ...head, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
        ...said,
        ended,
        counted(detailed),
        '[DONE]',
      ],
    },
    refusals: [
      [
        'no such deployment',
        error(404, {
          code: 'DeploymentNotFound',
          message: 'The API deployment for this resource does not exist.',
        }),
        'model',
      ],
      [
        'a deployment that can’t chat',
        error(400, {
          code: 'OperationNotSupported',
          message: 'It does not work with the specified model.',
        }),
        'model',
      ],
      [
        'a wrong key',
        error(401, { code: '401', message: 'Access denied due to invalid subscription key.' }),
        'key',
      ],
      [
        'a prompt that is filtered',
        error(400, {
          ...{
            code: 'content_filter',
            param: 'prompt',
            message: 'Filtered by Azure OpenAI’s policy.',
          },
          innererror: { code: 'ResponsibleAIPolicyViolation' },
        }),
        'theirs',
      ],
      rateLimited('429'),
    ],
  },
  {
    ...{ kind: 'azure', base: '/openai/v1', path: '/openai/v1/chat/completions' },
    probePath: '/openai/v1/models',
    ...{ keyHeader: ['api-key', key], limit: 'max_completion_tokens', text, usage: inClasses },
    ...{ whole: whole(detailed), stream: apart(detailed), refusals: [] },
  },
  {
    ...{ kind: 'claude', base: '', path: '/v1/messages', probePath: '/v1/models' },
    ...{ keyHeader: ['x-api-key', key], limit: 'max_tokens', text },
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
        'a wrong field',
        anthropicError(400, 'invalid_request_error', 'max_tokens: required'),
        'theirs',
      ],
      ['too many requests', anthropicError(429, 'rate_limit_error', 'Slow down.'), 'limited'],
      ['overloaded', anthropicError(529, 'overloaded_error', 'Overloaded'), 'busy'],
    ],
  },
  {
    ...{ kind: 'qwen', base: '/compatible-mode/v1', path: '/compatible-mode/v1/chat/completions' },
    probePath: '/compatible-mode/v1/models',
    ...{ keyHeader: bearer, limit: 'max_tokens', text, usage: inClasses },
    whole: whole(detailed, { reasoning_content: '想' }),
    stream: {
      events: [
        chunk({ role: 'assistant', content: null, reasoning_content: '想' }),
        ...said,
        ended,
        counted(detailed),
        '[DONE]',
      ],
    },
    refusals: [
      [
        'an account in arrears',
        error(400, {
          ...{ code: 'Arrearage', type: 'Arrearage', param: null },
          message: 'Access denied, please make sure your account is in good standing.',
        }),
        'key',
      ],
      [
        'a wrong key',
        error(401, { code: 'invalid_api_key', message: 'Incorrect API key provided.' }),
        'key',
      ],
      [
        'no such model',
        error(404, { code: 'model_not_found', message: 'It does not exist.' }),
        'model',
      ],
      [
        'no such model, said with 400',
        error(400, { code: 'InvalidParameter', message: 'Model not exist.' }),
        'model',
      ],
      [
        'content that is inspected',
        error(400, {
          code: 'data_inspection_failed',
          message: 'Input data may contain inappropriate content.',
        }),
        'theirs',
      ],
      rateLimited('limit_requests'),
    ],
  },
  {
    ...{ kind: 'doubao', base: '/api/v3', path: '/api/v3/chat/completions' },
    probePath: '/api/v3/models',
    ...{ keyHeader: bearer, limit: 'max_completion_tokens', text, usage: inClasses },
    ...{ whole: whole(detailed, { reasoning_content: '想' }), stream: apart(detailed) },
    refusals: [
      [
        'a balance that is overdue',
        error(403, {
          code: 'AccountOverdueError',
          type: 'Forbidden',
          message: 'It has an overdue balance.',
        }),
        'key',
      ],
      [
        'a wrong key',
        error(401, { code: 'AuthenticationError', message: 'It is invalid.' }),
        'key',
      ],
      [
        'no such endpoint',
        error(404, { code: 'InvalidEndpointOrModel.NotFound', message: 'It does not exist.' }),
        'model',
      ],
      [
        'an endpoint that is closed',
        error(400, { code: 'InvalidEndpoint.ClosedEndpoint', message: 'It is closed.' }),
        'model',
      ],
      [
        'content that is sensitive',
        error(400, {
          code: 'SensitiveContentDetected',
          message: 'The input may contain sensitive information.',
        }),
        'theirs',
      ],
      rateLimited('RateLimitExceeded.EndpointTPMExceeded'),
    ],
  },
  {
    ...{ kind: 'bigmodel', base: '/api/paas/v4', path: '/api/paas/v4/chat/completions' },
    probePath: '/api/paas/v4/models',
    ...{ keyHeader: bearer, limit: 'max_tokens', text, usage: plain },
    ...{ whole: whole(plainUsage), stream: inLast(plainUsage) },
    refusals: [
      [
        'no balance',
        error(429, { code: '1113', message: '余额不足或无可用资源包,请充值。' }),
        'key',
      ],
      ['a wrong key', error(401, { code: '1002', message: '身份验证失败。' }), 'key'],
      [
        'no such model',
        error(400, { code: '1211', message: '模型不存在,请检查模型代码。' }),
        'model',
      ],
      ['too many at once', error(429, { code: '1302', message: '并发过高。' }), 'limited'],
      [
        'content that is sensitive',
        error(400, { code: '1301', message: '可能包含敏感内容。' }),
        'theirs',
      ],
    ],
  },
  {
    ...{ kind: 'grok', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
    ...{ keyHeader: bearer, limit: 'max_completion_tokens', text },
    usage: { input: 20, cachedInput: 0, output: 9, reasoning: 94 },
    ...(() => {
      // What it thought is beside the completion, and in the total.
      const usage = {
        ...{ prompt_tokens: 20, completion_tokens: 9, total_tokens: 123, num_sources_used: 0 },
        completion_tokens_details: { reasoning_tokens: 94 },
      };
      return { whole: whole(usage, { reasoning_content: 'Hm.' }), stream: apart(usage) };
    })(),
    refusals: [
      [
        'a wrong key, said with 400',
        {
          status: 400,
          body: {
            code: 'Client specified an invalid argument',
            error: 'Incorrect API key provided: xa***xx.',
          },
        },
        'key',
      ],
      [
        'no credits',
        {
          status: 429,
          body: {
            code: 'resource-exhausted',
            error:
              'Your team has either used all available credits or reached its monthly spending limit.',
          },
        },
        'key',
      ],
      [
        'no such model',
        { status: 404, body: { code: 'not-found', error: 'The model m does not exist.' } },
        'model',
      ],
      [
        'content that another may answer',
        {
          status: 403,
          body: { code: 'permission-denied', error: 'Content violates usage guidelines.' },
        },
        'model',
      ],
      [
        'a wrong field',
        { status: 422, body: { code: 'invalid', error: 'It is invalid.' } },
        'theirs',
      ],
    ],
  },
  {
    ...{ kind: 'gemini', base: '', probePath: '/v1beta/models?pageSize=1' },
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    ...{ keyHeader: ['x-goog-api-key', key], limit: 'maxOutputTokens', text },
    usage: { input: 12, cachedInput: 8, output: 9, reasoning: 31 },
    whole: { body: { candidates: [generated(text, 'STOP')], usageMetadata } },
    stream: {
      events: [
        { candidates: [generated('你好')], usageMetadata: { promptTokenCount: 20 } },
        { candidates: [generated(', world', 'STOP')], usageMetadata },
      ],
    },
    refusals: [
      [
        'a wrong key, in a list',
        {
          status: 400,
          body: [
            {
              error: {
                ...{ code: 400, status: 'INVALID_ARGUMENT', message: 'API key not valid.' },
                details: [{ reason: 'API_KEY_INVALID' }],
              },
            },
          ],
        },
        'key',
      ],
      [
        'a place it doesn’t serve',
        error(400, { code: 400, status: 'FAILED_PRECONDITION', message: 'Not here.' }),
        'key',
      ],
      [
        'no such model',
        error(404, {
          code: 404,
          status: 'NOT_FOUND',
          message: 'models/m is not found for API version v1main.',
        }),
        'model',
      ],
      [
        'too many requests',
        error(429, { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow down.' }),
        'limited',
      ],
    ],
  },
  {
    ...{ kind: 'openrouter', base: '/api/v1', path: '/api/v1/chat/completions' },
    probePath: '/api/v1/key',
    ...{ keyHeader: bearer, limit: 'max_tokens', text, usage: inClasses },
    whole: whole({ ...detailed, cost: 0.00014 }, {}, { provider: 'Somebody' }),
    stream: {
      events: [': STILL AT IT', ...said, ended, counted({ ...detailed, cost: 0.00014 }), '[DONE]'],
    },
    refusals: [
      ['no credits', error(402, { code: 402, message: 'Insufficient credits.' }), 'key'],
      ['a wrong key', error(401, { code: 401, message: 'No auth credentials found' }), 'key'],
      ['no such model', error(400, { code: 400, message: 'm is not a valid model ID' }), 'model'],
      [
        'nobody who serves it',
        error(404, { code: 404, message: 'No endpoints found for m.' }),
        'model',
      ],
      [
        'input that is flagged',
        error(403, { code: 403, message: 'Flagged.', metadata: { reasons: ['x'] } }),
        'model',
      ],
      [
        'a provider that is down',
        error(502, { code: 502, message: 'Provider returned error' }),
        'busy',
      ],
      rateLimited('429'),
    ],
  },
  {
    ...{ kind: 'siliconflow', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
    ...{ keyHeader: bearer, limit: 'max_tokens', text, usage: plain },
    whole: whole(plainUsage),
    // It counts in every chunk.
    stream: {
      events: [
        ...said.map((each, n) => ({
          ...each,
          usage: { prompt_tokens: 20, completion_tokens: n + 1, total_tokens: 21 + n },
        })),
        { ...ended, usage: plainUsage },
        '[DONE]',
      ],
    },
    refusals: [
      [
        'no balance',
        {
          status: 403,
          body: {
            code: 30_001,
            message: 'Sorry, your account balance is insufficient',
            data: null,
          },
        },
        'key',
      ],
      ['a wrong key', { status: 401, body: '"Invalid token"' }, 'key'],
      [
        'no such model',
        { status: 400, body: { code: 20_012, message: 'Model does not exist.', data: null } },
        'model',
      ],
      [
        'a wrong field',
        { status: 400, body: { code: 20_015, message: 'The parameter is invalid.', data: null } },
        'theirs',
      ],
      [
        'too many requests',
        {
          status: 429,
          body: { message: 'Request was rejected due to rate limiting.', data: null },
        },
        'limited',
      ],
    ],
  },
  {
    ...{ kind: 'deepseek', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
    ...{ keyHeader: bearer, limit: 'max_tokens', text, usage: inClasses },
    ...(() => {
      const usage = {
        ...{ ...plainUsage, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 12 },
        completion_tokens_details: { reasoning_tokens: 4 },
      };
      return {
        whole: whole(usage, { reasoning_content: '想' }),
        stream: { events: [': keep-alive', ...(apart(usage).events ?? [])] },
      };
    })(),
    refusals: [
      [
        'no balance',
        error(402, {
          message: 'Insufficient Balance',
          type: 'unknown_error',
          code: 'invalid_request_error',
        }),
        'key',
      ],
      [
        'a wrong key',
        error(401, { message: 'Authentication Fails', type: 'authentication_error' }),
        'key',
      ],
      [
        'no such model',
        error(400, {
          message: 'Model Not Exist',
          type: 'invalid_request_error',
          code: 'invalid_request_error',
        }),
        'model',
      ],
      [
        'a wrong field',
        error(422, { message: 'top_p must be at most 1', type: 'invalid_request_error' }),
        'theirs',
      ],
      ['overloaded', error(503, { message: 'Server overloaded' }), 'busy'],
    ],
  },
];
