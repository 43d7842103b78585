import { Buffer } from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { heardTokens, spokenTokens } from '../../../src/adapters/llm/chat-sounds.ts';
import { completions } from '../../../src/adapters/llm/endpoints/completions.ts';
import { soundOf } from '../../../src/adapters/llm/endpoints/sounds.ts';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import { sound } from '../../../src/adapters/llm/sandbox-media.ts';
import { familyOf } from '../../../src/adapters/llm/tokenizer.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { soundUsageFrom, usageAsOpenAi } from '../../../src/adapters/llm/usage.ts';
import { inputBounds } from '../../../src/adapters/llm/whole-input.ts';
import { outputOf, inputOf as tokensIn } from '../../../src/domain/price-list/usage.ts';
import { aSound } from '../../support/paid-calls.ts';

const readerOf = (model: string) => ({ model, family: familyOf(model) });
const said = (...content: readonly Json[]): Json => ({ messages: [{ role: 'user', content }] });
const heard = (audio: unknown): Json => ({ type: 'input_audio', input_audio: audio });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Tokens of a second: heard at most, heard usually, and spoken. */
const rates: readonly (readonly [string, number, number, number])[] = [
  ['gpt-4o-audio-preview', 10, 10, 20],
  ['openai/gpt-audio-mini', 10, 10, 20],
  ['qwen3-omni-flash', 25, 25, 50],
  ['google/gemini-2.5-flash', 32, 32, 25],
  ['somebody-else', 50, 25, 20],
];
for (const [model, most, usual, spoken] of rates) {
  test(`${model} counts a second of sound as its provider says`, (t) => {
    const sounds = [
      { seconds: 1, mostSeconds: 8 },
      { seconds: 2, mostSeconds: 2 },
    ];
    t.is(heardTokens(readerOf(model), sounds, 'most'), 10 * most);
    t.is(heardTokens(readerOf(model), sounds, 'usual'), 3 * usual);
    t.is(spokenTokens(readerOf(model), { bytesPerSecond: 100 }, 300), 3 * spoken);
    t.is(spokenTokens(readerOf(model), undefined, 300), 0);
  });
}

test('a sound is bound by its seconds, in whichever model may hear it, and not by its text', async (t) => {
  // Fifty characters of 20 ms each.
  const second = heard({ data: base64(sound('x'.repeat(50), 'wav')), format: 'wav' });
  const text = { type: 'text', text: 'What is said?' };
  const [bare, one, two] = [said(text), said(text, second), said(text, second, aSound)].map(
    inputOf,
  );
  if (!(bare && one && two)) throw new Error('There are three.');
  const readers = [readerOf('gpt-audio'), readerOf('qwen-omni-turbo')];
  const { input } = await inputBounds(readers, bare, 0);
  t.deepEqual(await inputBounds(readers, one, 0), { input, heard: 2 * 25 });
  t.deepEqual(await inputBounds(readers, two, 7), { input: input + 7, heard: 66 * 25 });
  t.is(bare.characters, 13);
  t.is(one.characters, null);
});

test('what is said of how to speak is input, but for a voice and its format', (t) => {
  const aloud = (audio: unknown) => ({ ...said(), modalities: ['text', 'audio'], audio });
  const bare = inputOf(aloud({ voice: 'alloy', format: 'wav' }));
  t.deepEqual(bare.texts, []);
  const told = inputOf(aloud({ voice: 'alloy', format: 'wav', instructions: 'Sing it.' }));
  t.deepEqual(told.texts, ['"Sing it."']);
  t.true(Number(told.wrappers) > Number(bare.wrappers));
  t.deepEqual(inputOf(aloud('Sing it.')).texts, ['"Sing it."']);
  t.deepEqual(inputOf(aloud(null)).texts, []);
});

const wav = base64(sound('x', 'wav'));
const mp3 = base64(sound('x', 'mp3'));
const tagged = (length: number, then: Uint8Array, flags = 0) =>
  base64(Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, flags, 0, 0, 1, length]), then]));
const tag = Buffer.alloc(128 + 5);
/** What says that a tag's head is repeated behind it. */
const repeated = 0x10;
const frame = Buffer.from(mp3, 'base64');
/** The same first frame with another byte in its head. */
const framed = (place: number, byte: number) =>
  base64(Buffer.concat([frame.subarray(0, place), Buffer.of(byte), frame.subarray(place + 1)]));

/** With the tag of another codec in its head. */
const packed = sound('x', 'wav');
packed.writeUInt16LE(0xf1_ac, 20);

test('a sound is known by its bytes, a tag before them or none', (t) => {
  for (const [data, format] of [
    [wav, 'wav'],
    [mp3, 'mp3'],
    [tagged(5, Buffer.concat([tag, frame])), 'mp3'],
    [tagged(5, Buffer.concat([tag, Buffer.alloc(10), frame]), repeated), 'mp3'],
    // MPEG-1, 2 and 2.5 at the least that each has, with a checksum and without.
    ...[0xfa, 0xf3, 0xe2].map((version) => [base64(Buffer.of(0xff, version, 0x10, 0)), 'mp3']),
  ]) {
    t.is(inputOf(said(heard({ data, format }))).sounds?.length, 1);
  }
});

test('how long a sound usually is never goes beyond how long it may be', (t) => {
  const Model = fc.constantFrom(...rates.map(([model]) => model), 'sandbox');
  fc.assert(
    fc.property(Model, fc.uint8Array({ minLength: 1, maxLength: 100 }), (model, bytes) => {
      const sounds = [soundOf({ bytes }), soundOf({ bytes: new Uint8Array(30 * bytes.length) })];
      const most = heardTokens(readerOf(model), sounds, 'most');
      t.true(heardTokens(readerOf(model), sounds, 'usual') <= most);
    }),
  );
});

const noSounds: readonly unknown[] = [
  undefined,
  wav,
  { format: 'wav' },
  { data: '', format: 'wav' },
  { data: wav.slice(0, -1), format: 'wav' },
  { data: wav.replace('A', '*'), format: 'wav' },
  { data: `${wav.slice(0, 8)} ${wav.slice(9)}`, format: 'wav' },
  { data: 'https://example.com/a-long-one.wav', format: 'wav' },
  { data: `data:audio/wav;base64,${wav}`, format: 'wav' },
  { data: base64(packed), format: 'wav' },
  { data: wav, format: 'mp3' },
  { data: mp3, format: 'wav' },
  { data: base64(Buffer.from('fLaC, which may be longer')), format: 'mp3' },
  { data: tagged(5, Buffer.concat([tag, Buffer.from('fLaC')])), format: 'mp3' },
  { data: tagged(5, tag), format: 'mp3' },
  // Decoders look behind the head that is repeated.
  { data: tagged(5, Buffer.concat([tag, frame]), repeated), format: 'mp3' },
  // No length in sevens of bits: decoders see no tag, and whatever they look for.
  { data: tagged(128, Buffer.concat([Buffer.alloc(256), frame])), format: 'mp3' },
  { data: framed(2, 0x04), format: 'mp3' },
  { data: framed(2, 0xf4), format: 'mp3' },
  { data: framed(2, 0x9c), format: 'mp3' },
  { data: framed(1, 0xeb), format: 'mp3' },
  { data: wav, format: 'flac' },
  { data: wav },
  { data: wav, format: 'wav', url: 'https://example.com/a-long-one.wav' },
];
for (const [index, audio] of noSounds.entries()) {
  const shown = JSON.stringify(audio)?.replace(/[A-Za-z0-9+/]{40,}/g, '…');
  test(`what is no sound of a known kind is refused: ${index} ${shown}`, (t) => {
    const body = said({ type: 'text', text: 'Hello' }, heard(audio));
    const fault = t.throws(() => inputOf(body), { instanceOf: CallFault });
    t.like(fault, {
      ...{ code: 'unsupported_input', why: 'not_a_sound' },
      param: 'messages[0].content[1]',
    });
  });
}

test('what nobody can bound stays refused: an earlier answer, a sound that is predicted', (t) => {
  const { messages } = said({ type: 'text', text: 'Hello' });
  for (const [body, param] of [
    [{ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }, 'messages[0].audio'],
    [{ messages, prediction: { type: 'content', content: [aSound] } }, 'prediction.content'],
  ] as const) {
    t.like(
      t.throws(() => inputOf(body)),
      { code: 'unsupported_input', why: 'unsupported_field', param },
    );
  }
  const aloud = { prompt: 'Hello', modalities: ['audio'] };
  t.like(
    t.throws(() => completions.inputOf(aloud)),
    { param: 'modalities' },
  );
});

const everything = { isHeard: true, maySpeak: true, hasSpoken: true };

test('classes of a usage with sound are disjoint: they sum to the totals', (t) => {
  const count = fc.nat(50);
  const Raw = fc.record({
    ...{ prompt: count, cached: count, written: count, heard: count },
    ...{ completion: count, reasoning: count, spoken: count },
  });
  fc.assert(
    fc.property(Raw, fc.boolean(), fc.boolean(), (raw, isHeard, maySpeak) => {
      const openAi = {
        prompt_tokens: raw.prompt,
        completion_tokens: raw.completion,
        total_tokens: raw.prompt + raw.completion,
        prompt_tokens_details: {
          ...{ cached_tokens: raw.cached, cache_write_tokens: raw.written },
          audio_tokens: raw.heard,
        },
        completion_tokens_details: {
          ...{ reasoning_tokens: raw.reasoning, audio_tokens: raw.spoken },
        },
      };
      const usage = soundUsageFrom(openAi, { isHeard, maySpeak, hasSpoken: maySpeak });
      if (!usage) return;
      t.is(tokensIn(usage), raw.prompt);
      t.is(outputOf(usage), raw.completion);
      t.true(Object.values(usage).every((each = 0) => each >= 0));
      t.is(usage.audioInput, isHeard ? raw.heard : undefined);
      t.is(usage.audioOutput, maySpeak ? raw.spoken : undefined);
      t.deepEqual(
        soundUsageFrom(usageAsOpenAi(usage), { ...everything, isHeard, maySpeak }),
        usage,
      );
    }),
    { numRuns: 2_000 },
  );
});

const totals = { prompt_tokens: 100, completion_tokens: 20 };
const golden: readonly (readonly [string, Json, Json | undefined])[] = [
  [
    'sound is taken out of its totals',
    {
      prompt_tokens_details: { audio_tokens: 60, cached_tokens: 30 },
      completion_tokens_details: { audio_tokens: 15, reasoning_tokens: 2 },
    },
    { input: 10, cachedInput: 30, audioInput: 60, output: 3, reasoning: 2, audioOutput: 15 },
  ],
  [
    'sound that a cache had is sound',
    {
      prompt_tokens_details: { audio_tokens: 60, cached_tokens: 90 },
      completion_tokens_details: { audio_tokens: 15 },
    },
    { input: 0, cachedInput: 40, audioInput: 60, output: 5, reasoning: 0, audioOutput: 15 },
  ],
  ['no details', {}, undefined],
  ['details without what came out', { prompt_tokens_details: { audio_tokens: 60 } }, undefined],
  [
    'more sound than there was',
    {
      prompt_tokens_details: { audio_tokens: 101 },
      completion_tokens_details: { audio_tokens: 15 },
    },
    undefined,
  ],
  [
    'more sound than came out',
    {
      prompt_tokens_details: { audio_tokens: 60 },
      completion_tokens_details: { audio_tokens: 21 },
    },
    undefined,
  ],
  [
    'what is no count',
    {
      prompt_tokens_details: { audio_tokens: -1 },
      completion_tokens_details: { audio_tokens: 15 },
    },
    undefined,
  ],
];
for (const [title, details, expected] of golden) {
  test(`usage with sound is normalised: ${title}`, (t) => {
    t.deepEqual(soundUsageFrom({ ...totals, ...details }, everything), expected);
  });
}

test('sound that nobody asked for is no class of its own', (t) => {
  const raw = { ...totals, completion_tokens_details: { audio_tokens: 15 } };
  const asked = { prompt_tokens_details: { audio_tokens: 60 } };
  const hearing = { isHeard: true, maySpeak: false, hasSpoken: true };
  t.deepEqual(soundUsageFrom({ ...raw, ...asked }, hearing), {
    ...{ input: 40, cachedInput: 0, audioInput: 60, output: 20, reasoning: 0 },
  });
});
