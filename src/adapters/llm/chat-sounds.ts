import { Buffer } from 'node:buffer';
import { isBase64 } from './base64.ts';
import type { Sound } from './endpoints/sounds.ts';
import { bytesPerSecondOf, soundOf } from './endpoints/sounds.ts';
import { isJson, withItems } from './json.ts';
import type { Family } from './tokenizer.ts';
import type { Json } from './upstream.ts';

/**
 * By what its bytes are, whatever they are called: some codecs pack hours into a few of them, within a
 * WAVE file as well.
 */
const formats = new Map<unknown, (bytes: Buffer) => boolean>([
  ['wav', (bytes) => bytesPerSecondOf(bytes) !== undefined],
  ['mp3', (bytes) => isFrame(bytes.subarray(tagLength(bytes)))],
]);

/**
 * Of a tag with names and pictures before the sound; its length is written in sevens of bits, and a bit
 * says that its head is repeated behind it.
 */
function tagLength(bytes: Buffer): number {
  const sevens = bytes.subarray(6, 10);
  const isTag = bytes.toString('latin1', 0, 3) === 'ID3' && sevens.length === 4;
  if (!isTag || sevens.some((seven) => seven > 127)) return 0;
  const isRepeated = (bytes.readUInt8(5) & 0x10) !== 0;
  const within = sevens.reduce((length, seven) => length * 128 + seven, 0);
  return within + (isRepeated ? 20 : 10);
}

/**
 * Eleven bits that are set begin each frame, then come its version and that it is of the third layer. One
 * that names no bit rate may have a lower one than any that has a name.
 */
function isFrame([first = 0, second = 0, third = 0]: Buffer): boolean {
  const isOfThirdLayer = first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08;
  const bitRate = third >> 4;
  return isOfThirdLayer && bitRate !== 0 && bitRate !== 15 && (third & 0x0c) !== 0x0c;
}

/**
 * The sound of an `input_audio` part. Undefined for whatever isn't the bytes of one: some providers would
 * fetch an address, and what that leads to has no bound.
 */
export function heardIn(audio: unknown): Sound | undefined {
  if (!isJson(audio)) return undefined;
  const { data, format, ...others } = audio;
  // Which of several is listened to is for the upstream to say.
  if (!isBase64(data) || Object.keys(others).length > 0) return undefined;
  const bytes = Buffer.from(data, 'base64');
  return formats.get(format)?.(bytes) ? soundOf({ bytes }) : undefined;
}

/** The same chat for who takes an address in the place of a sound's bytes, with those in it. */
export const withSoundAddresses = (body: Readonly<Json>): Readonly<Json> =>
  withItems(body, 'content', addressed);

function addressed(part: unknown): unknown {
  if (!(isJson(part) && part.type === 'input_audio' && isJson(part.input_audio))) return part;
  const { data, format } = part.input_audio;
  return { ...part, input_audio: { data: `data:;base64,${String(data)}`, format } };
}

/** How an answer is to be spoken. */
export interface Voice {
  readonly bytesPerSecond: number;
}

/** Speech from models has 24,000 samples a second of 16 bits, packed or not. */
const bytesPerSecond = new Map<unknown, number>([
  ['pcm16', 48_000],
  ['wav', 48_000],
  ['flac', 24_000],
]);
/** At 64 kbit/s, as it is usually packed where something of it is lost. */
const packed = 8_000;

/** The voice that a chat asks for; undefined: it is to be answered in writing. */
export function voiceIn({ modalities, audio }: Readonly<Json>): Voice | undefined {
  if (!(Array.isArray(modalities) && modalities.includes('audio'))) return undefined;
  const { format } = isJson(audio) ? audio : {};
  return { bytesPerSecond: bytesPerSecond.get(format) ?? packed };
}

/** The sound that a message or a delta carries, as base64. */
export const spokenIn = ({ audio }: Json): unknown => (isJson(audio) ? audio.data : undefined);

/** Who listens, and speaks. */
interface Listener {
  readonly family: Family;
  readonly model: string;
}

/** Tokens of a second of sound. */
interface Rate {
  /** Of one that is listened to: never more, and usually. */
  readonly heard: { readonly most: number; readonly usual: number };
  /** Of one that is spoken. */
  readonly spoken: number;
}

const exactly = (heard: number, spoken: number): Rate => ({
  heard: { most: heard, usual: heard },
  spoken,
});

/**
 * By the beginning of the model's name. What is heard is as providers document it; what is spoken is not
 * documented by all, and counts only where an upstream says nothing of it.
 */
const rates: readonly { readonly models: RegExp; readonly rate: Rate }[] = [
  { models: /^(chat)?gpt-/, rate: exactly(10, 20) },
  { models: /^qwen/, rate: exactly(25, 50) },
  { models: /^gemini/, rate: exactly(32, 25) },
];
/** No provider documents more; the encoders that most models listen with have no finer steps. */
const unknown: Rate = { heard: { most: 50, usual: 25 }, spoken: 20 };
/** What the built-in sandbox counts. */
const inSandbox = exactly(10, 20);

function rateOf({ family, model }: Listener): Rate {
  if (family === 'sandbox') return inSandbox;
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return rates.find(({ models }) => models.test(name))?.rate ?? unknown;
}

/**
 * Tokens of all sounds that are listened to. `most`: never less than the provider may count; `usual`: as
 * far as their bytes tell. Each counts at least as a whole second.
 */
export function heardTokens(
  listener: Listener,
  sounds: readonly Sound[] = [],
  how: 'most' | 'usual' = 'usual',
): number {
  const { heard } = rateOf(listener);
  const seconds = sounds.reduce(
    (total, sound) => total + (how === 'most' ? sound.mostSeconds : sound.seconds),
    0,
  );
  return heard[how] * seconds;
}

/** Tokens of a sound of so many bytes that was spoken. */
export const spokenTokens = (speaker: Listener, voice: Voice | undefined, bytes: number): number =>
  voice ? Math.ceil((bytes / voice.bytesPerSecond) * rateOf(speaker).spoken) : 0;
