import type { EndpointName } from '../../src/adapters/llm/endpoints/endpoint.ts';
import type { FormEntry } from '../../src/adapters/llm/form.ts';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import type { Prices } from '../../src/domain/price-list/events.ts';
import { aFile, aPdf, aSound, aText } from './paid-calls.ts';
import { cost } from './paid-mock.ts';

/** What a settlement says, at least. */
type Settled = Json & { readonly basis?: string; readonly charge: string };

/** One endpoint under the charging table: how it is asked, and what each row of it charges. */
export interface EndpointCase {
  readonly name: string;
  readonly endpoint: EndpointName;
  readonly streams: 'never' | 'asked' | 'always';
  /** The upstream's model, with what the mock is told behind it. */
  readonly model: string;
  readonly body?: Json;
  /** Instead, where it is to stream. */
  readonly streamBody?: Json;
  readonly prices?: Prices;
  readonly maxInputTokens?: number;
  readonly complete: Settled & { readonly basis: string };
  readonly uncounted: Settled;
  readonly inputOnly: Settled;
  /** A body, of which one half came. */
  readonly halfReceived: Settled;
  /** A stream of which so many chunks came, one half. */
  readonly half: number;
  readonly halfStreamed: Settled;
}

/** “Hello”, as the family of the mock's model counts a text without a template. */
const hello = 1;

const tokens: Prices = { input: '1', cachedInput: '0.5', output: '3' };

/** The same in a chat. */
const helloInChat = 8;

/** With the words of a text beside it, and the names of two files. */
const inFiles = helloInChat + 800 + 4;

const edit = (...more: readonly FormEntry[]): Json => ({
  n: 2,
  form: [['prompt', 'Hello'], ['image', aFile], ['n', '2'], ...more],
});
const listenTo = (...more: readonly FormEntry[]): Json => ({ form: [['file', aFile], ...more] });

const twoPictures = {
  complete: { basis: 'usage', charge: '0.08', usage: { images: 2 } },
  uncounted: { basis: 'usage', charge: '0.08' },
  inputOnly: { charge: '0' },
  halfReceived: { charge: '0.04', usage: { images: 1 } },
  half: 1,
  halfStreamed: { charge: '0' },
};
const aloud = { charge: '0.00005', usage: { characters: 5 } };
const fiveCharacters = {
  complete: { basis: 'usage', ...aloud },
  uncounted: { basis: 'usage', ...aloud },
  inputOnly: aloud,
  halfReceived: aloud,
  halfStreamed: aloud,
};
const ownSeconds = { charge: '0.0008', usage: { seconds: 8 } };
const nineSeconds = {
  complete: { basis: 'usage', charge: '0.0009', usage: { seconds: 9 } },
  uncounted: { basis: 'estimate', ...ownSeconds },
  inputOnly: ownSeconds,
  halfReceived: ownSeconds,
  half: 3,
  halfStreamed: ownSeconds,
};

export const endpointCases: readonly EndpointCase[] = [
  {
    name: 'chats with sound',
    endpoint: 'chat',
    streams: 'asked',
    model: 'gpt-4o?input=105&heard=100&chunks=6',
    body: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }, aSound] }] },
    prices: { ...tokens, audioInput: '6' },
    complete: {
      ...{ basis: 'usage', charge: '0.000623' },
      usage: { input: 5, cachedInput: 0, audioInput: 100, output: 6, reasoning: 0 },
    },
    uncounted: {
      ...{ basis: 'estimate', charge: '0.000506' },
      usage: { input: helloInChat, audioInput: 80, output: 6 },
    },
    inputOnly: { charge: '0.000488' },
    halfReceived: { charge: '0.000497' },
    half: 3,
    halfStreamed: { charge: '0.000497' },
  },
  {
    name: 'chats with files',
    endpoint: 'chat',
    streams: 'asked',
    model: 'gpt-4o?input=1500&cached=100&chunks=6',
    body: {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }, aPdf, aText] }],
    },
    maxInputTokens: 2_000,
    complete: {
      ...{ basis: 'usage', charge: cost(1_400, 6, 100) },
      usage: { input: 1_400, cachedInput: 100, output: 6 },
    },
    uncounted: {
      ...{ basis: 'estimate', charge: cost(inFiles, 6) },
      usage: { input: inFiles, output: 6 },
    },
    inputOnly: { charge: cost(inFiles, 0) },
    halfReceived: { charge: cost(inFiles, 3) },
    half: 3,
    halfStreamed: { charge: cost(inFiles, 3) },
  },
  {
    name: 'spoken chats',
    endpoint: 'chat',
    streams: 'asked',
    model: 'gpt-4o?input=8&spoken=13&chunks=6',
    body: { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'pcm16' } },
    prices: { ...tokens, audioOutput: '20' },
    complete: {
      ...{ basis: 'usage', charge: '0.000286' },
      usage: { input: 8, cachedInput: 0, output: 6, audioOutput: 13, reasoning: 0 },
    },
    // Six words, each in a tenth of a second.
    uncounted: {
      ...{ basis: 'estimate', charge: '0.000266' },
      usage: { input: helloInChat, output: 6, audioOutput: 12 },
    },
    inputOnly: { charge: cost(helloInChat, 0) },
    // The transcript comes before the sound.
    halfReceived: { charge: cost(helloInChat, 3) },
    half: 3,
    halfStreamed: { charge: '0.000137', usage: { output: 3, audioOutput: 6 } },
  },
  {
    name: 'completions',
    endpoint: 'completions',
    streams: 'asked',
    model: 'gpt-4o?input=3&chunks=6',
    complete: { basis: 'usage', charge: cost(3, 6), usage: { input: 3, output: 6 } },
    uncounted: { basis: 'estimate', charge: cost(hello, 6) },
    inputOnly: { charge: cost(hello, 0) },
    halfReceived: { charge: cost(hello, 3) },
    half: 3,
    halfStreamed: { charge: cost(hello, 3) },
  },
  {
    name: 'embeddings',
    endpoint: 'embeddings',
    streams: 'never',
    model: 'gpt-4o?input=3',
    complete: { basis: 'usage', charge: cost(3, 0), usage: { input: 3, output: 0 } },
    uncounted: { basis: 'estimate', charge: cost(hello, 0) },
    inputOnly: { charge: cost(hello, 0) },
    halfReceived: { charge: cost(hello, 0) },
    half: 0,
    halfStreamed: { charge: '0' },
  },
  {
    name: 'moderations',
    endpoint: 'moderations',
    streams: 'never',
    model: 'gpt-4o?input=100',
    complete: { basis: 'estimate', charge: cost(hello, 0) },
    uncounted: { basis: 'estimate', charge: cost(hello, 0) },
    inputOnly: { charge: cost(hello, 0) },
    halfReceived: { charge: cost(hello, 0) },
    half: 0,
    halfStreamed: { charge: '0' },
  },
  {
    name: 'images by the piece',
    endpoint: 'image_generations',
    streams: 'asked',
    model: 'gpt-image-1?input=50&chunks=2',
    body: { n: 2 },
    prices: { ...tokens, image: '0.04' },
    ...twoPictures,
  },
  {
    name: 'edited images by the piece',
    endpoint: 'image_edits',
    streams: 'asked',
    model: 'dall-e-2?input=50&chunks=2',
    body: edit(),
    streamBody: edit(['stream', 'true']),
    prices: { ...tokens, image: '0.04' },
    ...twoPictures,
  },
  {
    name: 'images by their tokens',
    endpoint: 'image_generations',
    streams: 'asked',
    model: 'gpt-image-1?input=50&chunks=2',
    body: { quality: 'low', size: '1024x1024' },
    prices: { ...tokens, imageInput: '8', imageOutput: '30' },
    complete: {
      ...{ basis: 'usage', charge: '0.006078' },
      usage: { input: 46, imageInput: 4, imageOutput: 200 },
    },
    uncounted: { basis: 'estimate', charge: '0.008161', usage: { imageOutput: 272 } },
    inputOnly: { charge: cost(hello, 0) },
    halfReceived: { charge: cost(hello, 0) },
    half: 1,
    halfStreamed: { charge: cost(hello, 0) },
  },
  {
    name: 'speech',
    endpoint: 'speech',
    streams: 'always',
    model: 'tts-1?chunks=8',
    prices: { ...tokens, character: '0.00001' },
    ...fiveCharacters,
    half: 1,
  },
  {
    name: 'speech in events',
    endpoint: 'speech',
    streams: 'always',
    model: 'tts-1?chunks=4',
    body: { stream_format: 'sse' },
    prices: { ...tokens, character: '0.00001' },
    ...fiveCharacters,
    half: 2,
  },
  {
    name: 'transcriptions by the second',
    endpoint: 'transcriptions',
    streams: 'asked',
    model: 'whisper-1?input=9&chunks=6',
    streamBody: listenTo(['stream', 'true']),
    prices: { ...tokens, second: '0.0001' },
    ...nineSeconds,
  },
  {
    name: 'translations',
    endpoint: 'translations',
    streams: 'never',
    model: 'whisper-1?input=9&chunks=6',
    prices: { ...tokens, second: '0.0001' },
    ...nineSeconds,
  },
  {
    name: 'transcriptions by their tokens',
    endpoint: 'transcriptions',
    streams: 'asked',
    model: 'gpt-4o-transcribe?input=102&chunks=6&unit=tokens',
    streamBody: listenTo(['stream', 'true']),
    prices: { ...tokens, audioInput: '6' },
    complete: {
      ...{ basis: 'usage', charge: '0.00062' },
      usage: { input: 2, audioInput: 100, output: 6 },
    },
    uncounted: { basis: 'estimate', charge: '0.000498', usage: { audioInput: 80, output: 6 } },
    inputOnly: { charge: '0.00048' },
    halfReceived: { charge: '0.000489' },
    half: 3,
    halfStreamed: { charge: '0.000489' },
  },
];
