import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { AskedOfGemini } from './asked-of-gemini.ts';
import { Asked } from './asked-of-gemini.ts';
import { Behaviour as AnyBehaviour } from './mock-behaviour.ts';
import { lastOf, piecesOf, wholeOf } from './mock-gemini-answers.ts';
import type { MockModel, Case as ModelCase, Tongue } from './mock-model.ts';
import { startMockModel } from './mock-model.ts';

const Behaviour = AnyBehaviour.extend({
  usage: z.enum(['yes', 'no', 'rubbish']).default('yes'),
  /** Tokens of sound, within `input`; 0: they are told with those of text. */
  heard: z.coerce.number().default(0),
  /** Tokens that the provider's own tools read. */
  read: z.coerce.number().default(0),
  thinking: z.coerce.number().default(0),
  /** Calls `get_weather` behind its text; `twice`: at once, and without ids. */
  tool: z.enum(['no', 'yes', 'bare', 'twice']).default('no'),
  finish: z.string().default('STOP'),
  /** Why the prompt is refused. */
  blocked: z.string().optional(),
  /** Of a failure. */
  error: z.string().default('INTERNAL'),
  reason: z.string().optional(),
  retry: z.string().optional(),
  /** The error comes as a list of one. */
  listed: z.enum(['no', 'yes']).default('no'),
});
export type Behaviour = z.infer<typeof Behaviour>;

interface AskedOfMock extends AskedOfGemini {
  readonly model: string;
  readonly headers: IncomingHttpHeaders;
}
export type MockGemini = MockModel<AskedOfMock>;
export type Case = ModelCase<AskedOfMock, Behaviour>;

const address =
  /^\/v1beta\/(models|tunedModels)\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse)$/;

/** Gemini's own protocol, in which the path names the model and says whether to stream. */
const tongue: Tongue<AskedOfMock, Behaviour> = {
  behaviour: Behaviour,
  read({ path, headers, bytes }) {
    const [, , name] = address.exec(path) ?? [];
    if (name === undefined || !headers['x-goog-api-key']) {
      return { refused: { status: 404, error: 'NOT_FOUND' } };
    }
    const { data, error } = Asked.safeParse(JSON.parse(bytes.toString()));
    if (data) return { body: { ...data, model: decodeURIComponent(name), headers } };
    return { refused: { status: 400, error: 'INVALID_ARGUMENT', message: error.message } };
  },
  error({ status, error, message, reason, retry, listed }) {
    const type = 'type.googleapis.com/google.rpc';
    const details = [
      ...(reason ? [{ '@type': `${type}.ErrorInfo`, reason, domain: 'googleapis.com' }] : []),
      ...(retry ? [{ '@type': `${type}.RetryInfo`, retryDelay: retry }] : []),
    ];
    const told = { error: { code: status, message, status: error, details } };
    return listed === 'yes' ? [told] : told;
  },
  streams: ({ path }) => path.endsWith('?alt=sse'),
  whole: (mock) => ({
    body: wholeOf(mock),
    half: (answer) => answer.indexOf(mock.behaviour.text) + mock.behaviour.text.length * 2,
  }),
  stream(mock) {
    const pieces = piecesOf(mock).map(eventOf);
    return {
      ...{ count: pieces.length, pieces, end: [eventOf(lastOf(mock))] },
      rubbish: 'data: {"candidates": rubbish\r\n\r\n',
      failure: [eventOf({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } })],
    };
  },
};

const eventOf = (event: object): string => `data: ${JSON.stringify(event)}\r\n\r\n`;

/** A real HTTP server that speaks Gemini's protocol, well or badly. */
export const startMockGemini = (): Promise<MockGemini> => startMockModel(tongue);
