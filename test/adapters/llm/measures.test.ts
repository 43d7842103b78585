import { Buffer } from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import { endpoints } from '../../../src/adapters/llm/endpoints/endpoints.ts';
import type { Measure } from '../../../src/adapters/llm/endpoints/measure.ts';
import { pictureTokens } from '../../../src/adapters/llm/endpoints/picture-measures.ts';
import { pictureOf } from '../../../src/adapters/llm/endpoints/picture-tokens.ts';
import { heardSeconds, heardTokens } from '../../../src/adapters/llm/endpoints/sound-measures.ts';
import { soundOf } from '../../../src/adapters/llm/endpoints/sounds.ts';
import { formOf } from '../../../src/adapters/llm/form.ts';
import type { Input } from '../../../src/adapters/llm/input.ts';
import { sound } from '../../../src/adapters/llm/sandbox-media.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { isPriced } from '../../../src/domain/price-list/rating.ts';
import { usageClasses } from '../../../src/domain/price-list/usage.ts';

const input: Input = {
  ...{ texts: [], wrappers: null, characters: null },
  sound: { seconds: 8, mostSeconds: 64 },
  sounds: [{ seconds: 8, mostSeconds: 64 }],
  extras: new Map([
    ['audioInput', 'messages'],
    ['audioOutput', 'modalities'],
  ]),
  picture: { mostTokens: 6_240, usualTokens: 4_160, givenTokens: 6_500 },
};
const came = { isEmpty: true, pieces: 0, hasSpoken: false };
const of = (measure: Measure, said: unknown) => measure.usageOf(said, input, came);

test('of two sounds nobody knows which one is listened to', (t) => {
  const upload = { filename: 'a', type: 'audio/x', bytes: new Uint8Array(9) };
  const entries = [
    ['file[]', upload],
    ['file', { ...upload, bytes: new Uint8Array(9_000) }],
  ];
  t.throws(() => endpoints.transcriptions.inputOf({ form: entries }));
  t.is(endpoints.transcriptions.inputOf({ form: entries.slice(1) }).sound?.mostSeconds, 9);
});

test('a second that has begun counts, however an upstream says it', (t) => {
  t.is(of(heardSeconds, { type: 'duration', seconds: 9 })?.seconds, 9);
  t.is(of(heardSeconds, { duration: 8.01 })?.seconds, 9);
  t.is(of(heardSeconds, { duration: '8.01' })?.seconds, 9);
});

test('what is no length of a sound is counted by us', (t) => {
  const tokens = { type: 'tokens', input_tokens: 90, output_tokens: 9 };
  for (const said of [undefined, null, {}, { duration: 0 }, { duration: -1 }, { duration: 1e9 }]) {
    t.is(of(heardSeconds, said), undefined);
  }
  t.is(of(heardSeconds, { ...tokens, input_token_details: { audio_tokens: 90 } }), undefined);
});

test('tokens of a sound and of a text beside it are apart', (t) => {
  const said = { type: 'tokens', input_tokens: 92, output_tokens: 9 };
  const usage = of(heardTokens, { ...said, input_token_details: { audio_tokens: 90 } });
  t.like(usage, { input: 2, audioInput: 90, output: 9 });
  t.is(of(heardTokens, { ...said, input_token_details: { audio_tokens: 93 } }), undefined);
  t.is(of(heardTokens, said), undefined);
});

test('tokens of pictures, given and made, are apart from those of the text', (t) => {
  const said = { input_tokens: 50, output_tokens: 4_160, total_tokens: 4_210 };
  t.like(of(pictureTokens, said), { input: 50, imageInput: 0, imageOutput: 4_160 });
  const details = { text_tokens: 10, image_tokens: 40 };
  t.like(of(pictureTokens, { ...said, input_tokens_details: details }), {
    ...{ input: 10, imageInput: 40, imageOutput: 4_160 },
  });
  t.is(of(pictureTokens, { ...said, output_tokens: 0 }), undefined);
});

const measures = Object.values(endpoints).flatMap(({ measures: all }) => all);

test('a usage has something only of classes that its measure’s prices are for', (t) => {
  const text = { input: '1', cachedInput: '1', output: '1' };
  for (const { needs, boundOf, counted } of measures) {
    const names = needs(input);
    const prices = { ...text, ...Object.fromEntries(names.map((name) => [name, '1'])) };
    t.true(isPriced(boundOf(input, { input: 9, heard: 9, n: 2 }), prices), names.join());
    const own = { input: 9, output: 9, heard: 9, spoken: 9, pieces: 2 };
    t.true(isPriced(counted(own, input), prices), names.join());
  }
});

test('our own count of what goes in is never above its bound', (t) => {
  const anyN = fc.integer({ min: 1, max: 10 });
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(5_000), anyN, (bytes, text, n) => {
      const heard = soundOf({ bytes: new Uint8Array(bytes) });
      const given: Input = { ...input, sound: heard, characters: text };
      for (const { boundOf, counted } of measures) {
        const most = boundOf(given, { input: text, heard: 9, n });
        const none = { output: 0, heard: 9, spoken: 0 };
        const own = counted({ input: text, ...none, pieces: n }, given);
        for (const each of usageClasses) t.true((own[each] ?? 0) <= (most[each] ?? 0), each);
      }
    }),
  );
});

test('what is called a form in a body that is none is no form', (t) => {
  const forms: readonly Json[] = [{ form: [1] }, { form: [null, ['n']] }, { form: [['n', 2]] }, {}];
  for (const body of forms) t.deepEqual(formOf(body).entries, []);
});

test('of a WAVE file the length is known, of another it is bounded', (t) => {
  const upload = (bytes: Uint8Array) => ({ filename: 'a', type: 'audio/x', bytes });
  // Fifty characters of 20 ms each.
  const wav = sound('x'.repeat(50), 'wav');
  const wave = soundOf(upload(wav));
  t.deepEqual(wave, { seconds: 1, mostSeconds: 2 });
  t.deepEqual(soundOf(upload(Buffer.alloc(64_000))), { seconds: 8, mostSeconds: 64 });
  const recorded = Buffer.concat([
    wav.subarray(0, 12),
    // One of an odd length before the one that says it.
    Buffer.from('JUNK\x03\0\0\0abc\0', 'latin1'),
    wav.subarray(12),
  ]);
  t.deepEqual(soundOf(upload(recorded)), wave);
  const endless = Buffer.concat([wav.subarray(0, 12), Buffer.alloc(8_000), wav.subarray(12)]);
  t.is(soundOf(upload(endless)).mostSeconds, Math.ceil(endless.length / 1_000));
  const lying = sound('x'.repeat(50), 'wav');
  lying.writeUInt32LE(7, 28);
  t.is(soundOf(upload(lying)).mostSeconds, Math.ceil(lying.length / 1_000));
  lying.writeUInt32LE(0xffff_ffff, 28);
  t.is(soundOf(upload(lying)).mostSeconds, 2);
  // ADPCM.
  lying.writeUInt16LE(0x11, 20);
  t.is(soundOf(upload(lying)).mostSeconds, Math.ceil(lying.length / 1_000));
});

/** So many seconds at 16 kHz with 16 bits, and what else a file of them says. */
function recorded(seconds: number, { length = 32_000 * seconds, before = '', behind = '' } = {}) {
  const head = sound('', 'wav');
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt32LE(length, 40);
  const part = (text: string) => Buffer.from(text, 'latin1');
  const samples = Buffer.alloc(32_000 * seconds);
  return Buffer.concat([
    ...[head.subarray(0, 36), part(before), head.subarray(36), samples, part(behind)],
  ]);
}
const list = `LIST\x04\0\0\0abcd`;

test('the head of a WAVE file is no second of it', (t) => {
  for (const seconds of [1, 2, 10]) {
    t.is(soundOf({ bytes: recorded(seconds) }).seconds, seconds);
    t.is(soundOf({ bytes: recorded(seconds, { before: list, behind: list }) }).seconds, seconds);
  }
});

test('an odd length is filled up with what is no sound', (t) => {
  const head = headed({ coded: 1, rate: 11_025, bits: 8, align: 1 }).subarray(0, 44);
  head.writeUInt32LE(11_025, 40);
  t.is(soundOf({ bytes: Buffer.concat([head, Buffer.alloc(11_026)]) }).seconds, 1);
});

test('a length that is false hides no sound', (t) => {
  for (const length of [0, 2, 0x7f_ff_ff_ff, 0xff_ff_ff_ff]) {
    const { seconds, mostSeconds } = soundOf({ bytes: recorded(10, { length }) });
    t.true(seconds >= 10 && seconds <= mostSeconds, `${length}`);
  }
  const more = `data\x00\xfa\0\0${'\0'.repeat(64_000)}`;
  t.is(soundOf({ bytes: recorded(1, { behind: more }) }).seconds, 3);
  const cut = `LIST\xff\xff\xff\x7f${'\0'.repeat(64_000)}`;
  t.is(soundOf({ bytes: recorded(1, { behind: cut }) }).seconds, 4);
});

test('no file is charged for more sound than is held for', (t) => {
  const chunk = fc.tuple(
    fc.constantFrom('data', 'LIST', 'fmt ', '\0\0\0\0'),
    fc.oneof(fc.nat(64), fc.constantFrom(0, 1, 0xff_ff_ff_ff)),
    fc.uint8Array({ maxLength: 64 }),
  );
  const head = recorded(0).subarray(0, 36);
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 40 }), (chunks) => {
        const parts = chunks.flatMap(([id, length, bytes]) => {
          const said = Buffer.alloc(4);
          said.writeUInt32LE(length);
          return [Buffer.from(id, 'latin1'), said, bytes];
        });
        const { seconds, mostSeconds } = soundOf({ bytes: Buffer.concat([head, ...parts]) });
        return seconds >= 1 && seconds <= mostSeconds;
      }),
    ),
  );
});

test('a picture is bounded by what its request says, the rest by the dearest there is', (t) => {
  const of = (wishes: Readonly<Record<string, unknown>>) => pictureOf((name) => wishes[name]);
  const low = { quality: 'low', size: '1024x1024' };
  t.deepEqual(of(low), { mostTokens: 272, usualTokens: 272 });
  t.deepEqual(of({ ...low, partial_images: 3 }), { mostTokens: 572, usualTokens: 572 });
  t.deepEqual(of({}), { mostTokens: 6_240, usualTokens: 4_160 });
  t.deepEqual(of({ quality: 'constructor' }), { mostTokens: 6_240, usualTokens: 4_160 });
  t.deepEqual(of({ quality: 'auto', size: 'auto' }), { mostTokens: 6_240, usualTokens: 4_160 });
  t.deepEqual(of({ quality: 'medium', size: '1536x1024' }), {
    ...{ mostTokens: 1_584, usualTokens: 1_584 },
  });
});

/** One second of silence, and what its head says of it. */
function headed(head: {
  readonly coded: number;
  readonly rate: number;
  readonly bits: number;
  readonly align: number;
  readonly channels?: number;
}): Buffer {
  const { coded, rate, bits, align, channels = 1 } = head;
  const wave = Buffer.concat([sound('', 'wav'), Buffer.alloc(8_000)]);
  wave.writeUInt16LE(coded, 20);
  wave.writeUInt16LE(channels, 22);
  wave.writeUInt32LE(rate, 24);
  wave.writeUInt32LE(0xff_ff_ff_ff, 28);
  wave.writeUInt16LE(align, 32);
  wave.writeUInt16LE(bits, 34);
  return wave;
}

test('a head that says its samples are larger than they can be shortens no sound', (t) => {
  for (const [coded, bits, align, seconds] of [
    // A-law and µ-law have one byte a sample, whatever a head says.
    [6, 8, 1, 2],
    [6, 64, 8, 2],
    [7, 0xff_f8, 0xff_ff, 2],
    [1, 16, 2, 1],
    [1, 16, 1, 2],
  ] as const) {
    const lying = headed({ coded, rate: 8_000, bits, align });
    t.is(soundOf({ bytes: lying }).mostSeconds, seconds, `${coded} ${bits} ${align}`);
  }
  const wide = headed({ coded: 1, rate: 100, bits: 0xff_f8, align: 0xff_ff });
  t.is(soundOf({ bytes: wide }).mostSeconds, Math.ceil(wide.length / 1_000));
});
