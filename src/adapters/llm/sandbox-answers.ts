import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { CallFault } from './call-fault.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { soundOf } from './endpoints/sounds.ts';
import type { Form } from './form.ts';
import { formOf } from './form.ts';
import { inputTokens } from './input-tokens.ts';
import { picture, sound } from './sandbox-media.ts';
import { sandboxWords } from './sandbox-words.ts';
import type { Json, UpstreamRequest } from './upstream.ts';

const usualDimensions = 16;
const mostDimensions = 4_096;
const created = Math.floor(Date.UTC(2026, 0, 1) / 1_000);

/** A whole answer, and the same in pieces. */
interface Made {
  readonly body: Json;
  readonly chunks: readonly Json[];
}

/** What the sandbox answers beside texts in choices: made of what it is asked, and the same every time. */
export const sandboxAnswers: Partial<
  Readonly<Record<EndpointName, (request: UpstreamRequest) => Made | Promise<Made>>>
> = {
  async embeddings({ body, model }) {
    const tokens = await inputTokens('sandbox', endpoints.embeddings.inputOf(body));
    const data = asked(body.input).map((each, index) => ({
      object: 'embedding',
      index,
      embedding: written(vectorOf(each, dimensionsOf(body)), body.encoding_format),
    }));
    return whole({
      ...{ object: 'list', data, model },
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  },
  moderations({ body, model }) {
    const results = asked(body.input).map(() => ({
      flagged: false,
      categories: { violence: false },
      category_scores: { violence: 0 },
      category_applied_input_types: { violence: ['text'] },
    }));
    return whole({ id: 'modr-sandbox', model, results });
  },
  image_generations: ({ body }) => pictures('image_generation', [body.prompt], Number(body.n ?? 1)),
  image_edits({ body }) {
    const form = formOf(body);
    const given = form.uploads('image').map(({ bytes }) => hashOf(bytes).toString('hex'));
    return pictures('image_edit', [form.texts('prompt'), given], Number(form.texts('n')[0] ?? 1));
  },
  speech({ body }) {
    const format = body.response_format ?? 'mp3';
    if (format !== 'mp3' && format !== 'wav' && format !== 'pcm') throw refused('response_format');
    const bytes = sound(String(body.input), format);
    if (body.stream_format !== 'sse') return { body: {}, chunks: pieces(bytes).map(asBytes) };
    const chunks = pieces(bytes).map((piece) => ({
      type: 'speech.audio.delta',
      audio: piece.toString('base64'),
    }));
    return { body: {}, chunks: [...chunks, { type: 'speech.audio.done' }] };
  },
  transcriptions: ({ body }) => heard(formOf(body)),
  translations: ({ body }) => heard(formOf(body)),
};

/** What the sandbox can't do. */
export const refused = (param: string): CallFault =>
  new CallFault('upstream_refused', 'The sandbox does not know this.', {
    ...{ param, why: 'not_offered', values: { param } },
  });

const whole = (body: Json): Made => ({ body, chunks: [] });
const hashOf = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

/** Each text, or each list of tokens. */
const asked = (input: unknown): readonly unknown[] =>
  Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];

const dimensionsOf = ({ dimensions }: Readonly<Json>): number =>
  typeof dimensions === 'number' ? Math.min(dimensions, mostDimensions) : usualDimensions;

/** Numbers from hashes, of length one together. */
function vectorOf(input: unknown, dimensions: number): Float32Array {
  const numbers = Array.from({ length: dimensions }, (_, place) =>
    hashOf(JSON.stringify([input, place])).readInt32LE(0),
  );
  const length = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (each) => each / length);
}

/** OpenAI's clients ask for the bytes of 32-bit floats and read them back. */
const written = (vector: Float32Array, format: unknown): unknown =>
  format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];

function pictures(kind: string, question: unknown, n: number): Made {
  const data = Array.from({ length: n }, (_, index) => ({
    b64_json: picture(hashOf(JSON.stringify([question, index]))).toString('base64'),
  }));
  const chunks = data.map((each) => ({
    ...{ type: `${kind}.completed`, created_at: created, ...each },
    ...{ background: 'opaque', output_format: 'png', quality: 'low', size: '64x64' },
  }));
  return { body: { created, data }, chunks };
}

const pieceLength = 8_192;
const pieces = (bytes: Buffer): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_, place) =>
    bytes.subarray(place * pieceLength, (place + 1) * pieceLength),
  );
const asBytes = (bytes: Buffer): Json => ({ bytes });

/** Two words a second, whatever is said in it. */
function heard(form: Form): Made {
  const [file] = form.uploads('file');
  const seconds = file ? soundOf(file).seconds : 1;
  const seed = hashOf(file?.bytes ?? '').readUInt32LE(0);
  const words = sandboxWords(seed, Math.min(2 * seconds, 4_096));
  const text = words.join('').trim();
  const usage = { type: 'duration', seconds };
  const deltas = words.map((delta, place) => ({
    type: 'transcript.text.delta',
    delta: place === 0 ? delta.trim() : delta,
  }));
  const format = form.texts('response_format')[0];
  const body = format === 'srt' || format === 'vtt' ? subtitles(text, { seconds, format }) : text;
  return {
    body: { text: body, usage },
    chunks: [...deltas, { type: 'transcript.text.done', text, usage }],
  };
}

function subtitles(
  text: string,
  { seconds, format }: { readonly seconds: number; readonly format: 'srt' | 'vtt' },
): string {
  const end = new Date(1_000 * seconds).toISOString().slice(11, 23);
  const cue = `00:00:00.000 --> ${end}\n${text}\n`;
  return format === 'vtt' ? `WEBVTT\n\n${cue}` : `1\n${cue.replaceAll('.', ',')}`;
}
