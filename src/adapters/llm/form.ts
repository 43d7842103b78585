import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

/** A file in a form. */
export interface Upload {
  readonly filename: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

export type FormEntry = readonly [field: string, value: string | Upload];

/** The form that a body came as; an empty one for a body that was none, whatever it calls so. */
export function formOf({ form }: Readonly<Json>): Form {
  return new Form(Array.isArray(form) ? form.filter(isEntry) : []);
}

const isEntry = (entry: unknown): entry is FormEntry => {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const value: unknown = entry[1];
  return typeof value === 'string' || (isJson(value) && value.bytes instanceof Uint8Array);
};

/** The fields of a `multipart/form-data` body, in their order; a name may come several times. */
export class Form {
  readonly entries: readonly FormEntry[];

  constructor(entries: readonly FormEntry[]) {
    this.entries = entries;
  }

  /** The same with one value for a field, in the first one's place, or at the end. */
  with(field: string, value: string): Form {
    const at = this.entries.findIndex(([name]) => name === field);
    const others = this.entries.filter(([name]) => name !== field);
    const place = at < 0 ? others.length : at;
    return new Form(others.toSpliced(place, 0, [field, value]));
  }

  without(field: string): Form {
    return new Form(this.entries.filter(([name]) => name !== field));
  }

  texts(field: string): readonly string[] {
    return this.entries.flatMap(([name, value]) =>
      name === field && typeof value === 'string' ? [value] : [],
    );
  }

  /** Its texts by their names; of several of one name the last. */
  fields(): Readonly<Json> {
    return Object.fromEntries(this.entries.filter(([, value]) => typeof value === 'string'));
  }

  /** Files under a name, or under the same with brackets behind it. */
  uploads(field: string): readonly Upload[] {
    return this.entries.flatMap(([name, value]) =>
      (name === field || name === `${field}[]`) && typeof value !== 'string' ? [value] : [],
    );
  }
}

/** A form on the wire; its files are not copied. */
export function writtenForm({ entries }: Form) {
  const boundary = `form-${randomUUID()}`;
  const parts = entries.flatMap(([field, value]): readonly Uint8Array[] => [
    Buffer.from(headOf(boundary, field, value)),
    typeof value === 'string' ? Buffer.from(value) : value.bytes,
    Buffer.from('\r\n'),
  ]);
  const all = [...parts, Buffer.from(`--${boundary}--\r\n`)];
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: all.reduce((total, { length }) => total + length, 0),
    body: Readable.from(all, { objectMode: false }),
  };
}

function headOf(boundary: string, field: string, value: string | Upload): string {
  const name = `--${boundary}\r\ncontent-disposition: form-data; name="${escaped(field)}"`;
  if (typeof value === 'string') return `${name}\r\n\r\n`;
  const { filename, type } = value;
  return `${name}; filename="${escaped(filename)}"\r\ncontent-type: ${plain(type)}\r\n\r\n`;
}

/** As browsers do; nothing in a name may end its line or its quotes. */
const escaped = (text: string): string =>
  text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

const plain = (type: string): string =>
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type) ? type : 'application/octet-stream';
