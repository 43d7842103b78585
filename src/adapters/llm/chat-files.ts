import { Buffer, isUtf8 } from 'node:buffer';
import { isBase64 } from './base64.ts';
import { isJson, objectsIn } from './json.ts';
import type { Json } from './upstream.ts';

/** A file among a request's messages. */
export interface ChatFile {
  /** Empty: it has none. */
  readonly name: string;
  /** Decodes what is in it; null: only who reads it knows what a PDF says. */
  readonly text: (() => string) | null;
}

/** The bytes of a file. */
interface Inline {
  /** Its MIME type. */
  readonly type: string;
  /** As base64. */
  readonly data: string;
}

const beginning = /^data:([a-z]+\/[\w.+-]+)(?:;charset=utf-8)?;base64,/i;
const longestBeginning = 200;

/** The file in a `data:` address; undefined for any other address, and for what is no base64. */
function inlineIn(address: string): Inline | undefined {
  const [prefix, type] = beginning.exec(address.slice(0, longestBeginning)) ?? [];
  if (prefix === undefined || type === undefined) return undefined;
  const data = address.slice(prefix.length);
  return isBase64(data) ? { type: type.toLowerCase(), data } : undefined;
}

const pdf = 'application/pdf';
const texts = /^(text\/.*|application\/json)$/;

/** A PDF may have about a thousand bytes before its head; as base64. */
const pdfHead = 1_368;

/**
 * By what the bytes are, whatever they are called: a sound or a film that is called a file would be read at
 * the price of text.
 */
function isWhatItSays({ type, data }: Inline): boolean {
  if (type === pdf) {
    return Buffer.from(data.slice(0, pdfHead), 'base64').includes('%PDF-');
  }
  return texts.test(type) && isText(Buffer.from(data, 'base64'));
}

/** Each byte that JSON writes as six characters counts one. */
const sixfold = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 32 && !'\b\t\n\f\r'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** Whoever reads texts as texts is sent JSON: what is mostly such bytes would be many times what came. */
function isText(bytes: Buffer): boolean {
  if (!isUtf8(bytes) || bytes.includes(0)) return false;
  let controls = 0;
  for (let at = 0; at < bytes.length; at += 1) controls += sixfold[bytes[at] ?? 0] ?? 0;
  return controls * 4 <= bytes.length;
}

/**
 * The file of a `file` part. Undefined for whatever isn't the bytes of a PDF or of a text: an id names a file
 * in the operator's own account, and what an address leads to has to be fetched by somebody.
 */
export function fileIn(file: unknown): ChatFile | undefined {
  if (!isJson(file)) return undefined;
  const { file_data: address, filename: name = null, ...others } = file;
  // Which of several is read is for the upstream to say.
  if (typeof address !== 'string' || Object.keys(others).length > 0) return undefined;
  if (name !== null && typeof name !== 'string') return undefined;
  const inline = inlineIn(address);
  if (!(inline && isWhatItSays(inline))) return undefined;
  return { name: name ?? '', text: inline.type === pdf ? null : () => textOf(inline) };
}

const textOf = ({ data }: Inline): string => Buffer.from(data, 'base64').toString();

/** A file as other protocols tell it: a PDF, or a text in full. */
export type ToldFile =
  | { readonly kind: 'pdf'; readonly data: string }
  | { readonly kind: 'text'; readonly type: string; readonly text: string; readonly data: string };

/** Undefined: it is neither. */
export function toldFile(address: string): ToldFile | undefined {
  const inline = inlineIn(address);
  if (!inline) return undefined;
  const { type, data } = inline;
  if (type === pdf) return { kind: 'pdf', data };
  return texts.test(type) ? { kind: 'text', type, text: textOf(inline), data } : undefined;
}

/** Files that are said in a request. */
export const hasFiles = ({ messages }: Readonly<Json>): boolean =>
  objectsIn(messages).some(({ content }) => objectsIn(content).some(({ type }) => type === 'file'));
