import { deletedRevision } from './recorded-event.ts';

/** What a stream's metadata hides from readers of that stream. */
export interface StreamLimits {
  readonly maxCount?: number;
  readonly maxAgeSeconds?: number;
  readonly truncateBefore?: number;
}

export type RawMetadata = Readonly<Record<string, unknown>>;

const metaPrefix = '$$';

export const isMetastream = (stream: string): boolean => stream.startsWith(metaPrefix);
export const metastreamOf = (stream: string): string => metaPrefix + stream;
/** The stream whose state a stream belongs to: itself, or for `$$x` the stream `x`. */
export const originalOf = (stream: string): string =>
  isMetastream(stream) ? stream.slice(metaPrefix.length) : stream;

/** A metadata stream shows its last event only. */
export const metastreamLimits: StreamLimits = { maxCount: 1 };

/** Anything but a JSON object counts as no metadata, as in EventStoreDB. */
export function parseMetadata(data: Uint8Array): RawMetadata {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

export function limitsOf({ $maxCount, $maxAge, $tb }: RawMetadata): StreamLimits {
  return {
    ...(isPositive($maxCount) ? { maxCount: $maxCount } : {}),
    ...(isPositive($maxAge) ? { maxAgeSeconds: $maxAge } : {}),
    ...(isPositive($tb) ? { truncateBefore: $tb } : {}),
  };
}

/** JSON clients round 2^63 - 1 when they write it back, so everything near it counts. */
export const isSoftDeleted = ({ truncateBefore }: StreamLimits): boolean =>
  truncateBefore !== undefined && truncateBefore >= 2 ** 63 - 1024;

/** Written by hand because `$tb` may be 2^63 - 1, which no JavaScript number is. */
export function withTruncateBefore(raw: RawMetadata, revision: string): Buffer {
  const { $tb: _, ...others } = raw;
  const rest = JSON.stringify(others).slice(1, -1);
  return Buffer.from(`{"$tb":${revision}${rest === '' ? '' : `,${rest}`}}`);
}

export const softDeletion = (raw: RawMetadata): Buffer => withTruncateBefore(raw, deletedRevision);

const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0;

function isRecord(value: unknown): value is RawMetadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
