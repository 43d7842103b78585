import { z } from 'zod';
import { answerStyles, callingStyle, speakingStyle } from './mock-answers.ts';
import { Behaviour as AnyBehaviour } from './mock-behaviour.ts';
import type { MockModel, MockOptions, Case as ModelCase, Tongue } from './mock-model.ts';
import { startMockModel } from './mock-model.ts';
import type { Stream } from './mock-sending.ts';

const Behaviour = AnyBehaviour.extend({
  /** Instead of `text`: a chunk of so many characters. */
  huge: z.coerce.number().default(0),
  usage: z.enum(['yes', 'no', 'rubbish', 'inline', 'cumulative', 'early']).default('yes'),
  reasoning: z.coerce.number().default(0),
  /** Tokens of input that a cache took, in Qwen's words; 0: details say nothing of any. */
  written: z.coerce.number().default(0),
  /** Tokens of sound, within `input` and beside what is written; 0: details say nothing of any. */
  heard: z.coerce.number().default(0),
  spoken: z.coerce.number().default(0),
  /** Asks for `get_weather` until the messages have its result, and then says `text`. */
  tool: z.enum(['no', 'yes']).default('no'),
  /** The field that a failure is about, and its name. */
  param: z.string().optional(),
  code: z.string().nullable().default(null),
  /** Leaves the end mark out. */
  mark: z.enum(['yes', 'no']).default('yes'),
  /** `no`: it answers at once whoever wants a stream. */
  streams: z.enum(['yes', 'no']).default('yes'),
  /** What a transcription's usage is counted in. */
  unit: z.enum(['seconds', 'tokens']).default('seconds'),
  /** Pictures come as addresses, as data, or as both. */
  picture: z.enum(['data', 'address', 'both']).default('data'),
  newline: z.enum(['lf', 'crlf', 'cr']).default('lf'),
  comments: z.enum(['no', 'yes']).default('no'),
});
export type Behaviour = z.infer<typeof Behaviour>;

const Asked = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string() })).optional(),
  n: z.number().nullish(),
  modalities: z.array(z.string()).nullish(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  response_format: z.unknown().optional(),
  stream_format: z.unknown().optional(),
  file: z.unknown().optional(),
});
export type AskedOfMock = z.infer<typeof Asked>;

export type MockUpstream = MockModel<AskedOfMock>;
export type Case = ModelCase<AskedOfMock, Behaviour>;

/** OpenAI's protocol, all of it under `/v1`. */
const tongue: Tongue<AskedOfMock, Behaviour> = {
  behaviour: Behaviour,
  async read({ headers: { 'content-type': type = '' }, bytes }) {
    const isForm = type.startsWith('multipart/');
    return {
      body: Asked.parse(isForm ? await formIn(bytes, type) : JSON.parse(bytes.toString())),
    };
  },
  error: ({ message, param = null, code }) => ({
    error: { message, type: 'mock_error', param, code },
  }),
  streams: (mock) =>
    (mock.body.stream === true && mock.behaviour.streams === 'yes') ||
    pathOf(mock) === '/audio/speech',
  whole: (mock) => styleOf(mock).whole(mock),
  stream(mock) {
    const written = (data: string) => eventOf(mock, data);
    const events: Stream = {
      ...{ count: mock.behaviour.chunks, pieces: piecesOf(mock, written), end: endOf(mock) },
      rubbish: written('{"choices": [rubbish'),
      failure: [written(JSON.stringify(failureOf(mock))), written('[DONE]')],
    };
    if (!styleOf(mock).isBytes?.(mock)) return events;
    // No event: the pieces come one by one only if there is time between them.
    const pieces = piecesOf(mock, (data) => data);
    return { ...events, type: 'audio/mpeg', pieces, gapMs: 10, end: [] };
  },
};

/** A real HTTP server that speaks OpenAI's protocol, well or badly. */
export const startMockUpstream = (options: MockOptions = {}): Promise<MockUpstream> =>
  startMockModel(tongue, options);

/** A form's fields, of files how long they are; a name that came several times has a list. */
async function formIn(bytes: Buffer, type: string): Promise<Record<string, unknown>> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const fields = [...new Set(form.keys())].map((name) => {
    const values = form.getAll(name).map((each) => (typeof each === 'string' ? each : each.size));
    return [name, values.length === 1 ? values[0] : values];
  });
  const { n, stream, ...rest } = Object.fromEntries(fields);
  return {
    ...rest,
    ...(n === undefined ? {} : { n: Number(n) }),
    ...(stream === undefined ? {} : { stream: stream === 'true' }),
  };
}

/** Said half-way, to who reads events. */
const failureOf = ({ behaviour: { code, message } }: Case) => ({
  ...(code === null ? {} : { type: 'error' }),
  error: code === null ? { message: 'overloaded' } : { message, code },
});

const pathOf = ({ path }: Case): string => path.replace(/^\/v1/, '');

/** Until it is told the weather. */
const isCalling = ({ body, behaviour }: Case): boolean =>
  behaviour.tool === 'yes' && !body.messages?.some(({ role }) => role === 'tool');

const styleOf = (mock: Case) => {
  const isSpoken = mock.body.modalities?.includes('audio');
  const written = isSpoken ? speakingStyle : answerStyles[pathOf(mock)];
  const style = isCalling(mock) ? callingStyle : written;
  if (!style) throw new Error(`The mock knows no ${mock.path}.`);
  return style;
};

function* piecesOf(mock: Case, written: (data: string) => string): Iterable<string> {
  for (let place = 0; place < mock.behaviour.chunks; place += 1) {
    yield written(JSON.stringify(styleOf(mock).piece(mock, place)));
  }
}

/** What comes behind the pieces, and the end mark unless it is left out. */
function endOf(mock: Case): readonly string[] {
  const { mark, cut } = mock.behaviour;
  const lasts = styleOf(mock)
    .last(mock)
    .map((each) => JSON.stringify(each));
  const isMarked = mark === 'yes' && cut !== 'late';
  return [...lasts, ...(isMarked ? ['[DONE]'] : [])].map((data) => eventOf(mock, data));
}

const lineEnds = { lf: '\n', crlf: '\r\n', cr: '\r' };

function eventOf({ behaviour: { newline, comments } }: Case, data: string): string {
  const end = lineEnds[newline];
  const comment = comments === 'yes' ? `: still here${end}${end}` : '';
  return `${comment}data: ${data}${end}${end}`;
}
