import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import {
  contentOf,
  deltasOf,
  lateUsageOf,
  messageOf,
  stopOf,
  usageOf,
} from './mock-anthropic-answers.ts';
import { Behaviour as AnyBehaviour } from './mock-behaviour.ts';
import type { MockModel, Tongue } from './mock-model.ts';
import { startMockModel } from './mock-model.ts';

const Behaviour = AnyBehaviour.extend({
  usage: z.enum(['yes', 'no', 'rubbish']).default('yes'),
  /** Tokens that the cache took in. */
  written: z.coerce.number().default(0),
  thinking: z.coerce.number().default(0),
  /** Calls `get_weather` behind its text. */
  tool: z.enum(['no', 'yes', 'bare']).default('no'),
  stop: z.string().default('end_turn'),
  /** Of a failure. */
  type: z.string().default('api_error'),
});
export type Behaviour = z.infer<typeof Behaviour>;

/** What Anthropic insists on in every request. */
const Asked = z.looseObject({
  model: z.string(),
  max_tokens: z.int().min(1),
  stream: z.boolean().optional(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })).min(1)]),
      }),
    )
    .min(1),
});
/** With the headers that it came with. */
type AskedOfMock = z.infer<typeof Asked> & { readonly headers: IncomingHttpHeaders };

export type MockAnthropic = MockModel<AskedOfMock>;

/** Anthropic's Messages. */
const tongue: Tongue<AskedOfMock, Behaviour> = {
  behaviour: Behaviour,
  read({ path, headers, bytes }) {
    const { data, error } = Asked.safeParse(JSON.parse(bytes.toString()));
    if (path !== '/v1/messages' || !headers['x-api-key']) {
      return { refused: { status: 404, type: 'not_found_error', message: 'Not found' } };
    }
    if (data) return { body: { ...data, headers } };
    return { refused: { status: 400, type: 'invalid_request_error', message: error.message } };
  },
  error: ({ type, message }) => ({
    ...{ type: 'error', error: { type, message }, request_id: 'req_upstream_4711' },
  }),
  streams: ({ body }) => body.stream === true,
  whole: ({ name, behaviour }) => ({
    body: messageOf(name, {
      content: contentOf(behaviour),
      ...stopOf(behaviour),
      usage: usageOf(behaviour),
    }),
    half: (answer) => answer.indexOf(behaviour.text) + behaviour.text.length * 2,
  }),
  stream({ name, behaviour }) {
    const usage = usageOf(behaviour);
    const start = { content: [], stop_reason: null, stop_sequence: null };
    const early = usage && { ...usage, output_tokens: 1 };
    const pieces = deltasOf(behaviour).map(eventOf);
    const end = [
      { type: 'message_delta', delta: stopOf(behaviour), usage: lateUsageOf(behaviour) },
      ...(behaviour.cut === 'late' ? [] : [{ type: 'message_stop' }]),
    ];
    return {
      begin: [
        { type: 'message_start', message: messageOf(name, { ...start, usage: early }) },
        { type: 'ping' },
      ].map(eventOf),
      ...{ count: pieces.length, pieces, end: end.map(eventOf) },
      rubbish: 'event: ping\ndata: {"type": rubbish\n\n',
      failure: [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }].map(
        eventOf,
      ),
    };
  },
};

const eventOf = (event: { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** A real HTTP server that speaks Anthropic's Messages protocol, well or badly. */
export const startMockAnthropic = (): Promise<MockAnthropic> => startMockModel(tongue);
