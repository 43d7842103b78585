import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { BusboyInstance } from '@fastify/busboy';
import { Busboy } from '@fastify/busboy';
import { z } from 'zod';
import type { FormEntry, Upload } from '../adapters/llm/form.ts';
import { ApiError } from './errors.ts';

const most = { fields: 256, files: 32, parts: 288, fieldNameSize: 256, fieldSize: 1_024 * 1_024 };

/** A file in a form. */
export const UploadField = z
  .custom<Upload>((value) => typeof value === 'object' && value !== null && 'bytes' in value)
  .meta({ type: 'string', format: 'binary' });

interface FormReader {
  push(chunk: Buffer): void;
  /**
   * The fields by their names, a list where one came several times, and under `form` all of them in their
   * order. Throws for a form that is broken or has too many parts.
   */
  end(): Promise<unknown>;
}

/** Reads a `multipart/form-data` body in memory, as it comes; nothing of it touches a disk. */
export function formReader(headers: IncomingHttpHeaders, limitBytes: number): FormReader {
  const entries: FormEntry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (cause?: unknown) => reject(broken(cause));
  // Whoever waits for the end hears of it then.
  promise.catch(() => undefined);
  const parser = parserOf(headers, limitBytes);
  // A client that is still sending would see a reset instead of the answer.
  if (parser instanceof ApiError) {
    return { push: () => undefined, end: () => Promise.reject(parser) };
  }
  parser.on('field', (name, value, isNameCut, isValueCut) => {
    if (isNameCut || isValueCut) fail();
    entries.push([name, value]);
  });
  parser.on('file', (name, stream, ...[filename, , type]) => {
    const chunks: Buffer[] = [];
    const place = entries.push([name, '']) - 1;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('limit', () => fail());
    stream.on('error', fail);
    stream.on('end', () => {
      entries[place] = [name, { filename: filename ?? '', type, bytes: Buffer.concat(chunks) }];
    });
  });
  for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
    parser.on(limit, () => fail());
  }
  parser.on('error', fail);
  parser.on('finish', resolve);
  return {
    push: (chunk) => void parser.write(chunk),
    async end() {
      parser.end();
      await promise;
      return { ...fieldsOf(entries), form: entries };
    },
  };
}

function parserOf(headers: IncomingHttpHeaders, limitBytes: number): BusboyInstance | ApiError {
  try {
    const type = headers['content-type'] ?? '';
    return new Busboy({
      headers: { ...headers, 'content-type': type },
      limits: { ...most, fileSize: limitBytes },
    });
  } catch (error) {
    return broken(error);
  }
}

const broken = (cause?: unknown) => new ApiError('invalid_request', { cause, why: 'broken_form' });

function fieldsOf(entries: readonly FormEntry[]): Readonly<Record<string, unknown>> {
  const byName = Map.groupBy(entries, ([name]) => name);
  return Object.fromEntries(
    byName.entries().map(([name, all]) => {
      const values = all.map(([, value]) => value);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
