/** How many parts the events of a log are dealt out into, for ever: ADR 9. */
export const partitionCount = 12;

export const allPartitions: readonly number[] = Array.from({ length: partitionCount }, (_, n) => n);

/** What keeps its order: a stream, or all the streams that continue one another. */
export const unitOf = (stream: string): string => {
  const at = stream.lastIndexOf('@');
  return at === -1 ? stream : stream.slice(0, at);
};

/** The part that a stream's events belong to; the one Kafka's own clients choose for its unit as key. */
export const partitionOf = (stream: string): number => keyPartition(unitOf(stream));

const seed = 0x9747b28c;
const mixing = 0x5bd1e995;

/** murmur2 as Kafka computes it (`org.apache.kafka.common.utils.Utils`), without its sign. */
function keyPartition(key: string): number {
  const bytes = Buffer.from(key);
  const whole = bytes.length & ~3;
  let hash = seed ^ bytes.length;
  for (let n = 0; n < whole; n += 4) {
    let part = Math.imul(bytes.readInt32LE(n), mixing);
    part = Math.imul(part ^ (part >>> 24), mixing);
    hash = Math.imul(hash, mixing) ^ part;
  }
  if (bytes.length > whole) {
    const rest = bytes.subarray(whole).reduce((sum, byte, n) => sum | (byte << (8 * n)), 0);
    hash = Math.imul(hash ^ rest, mixing);
  }
  hash = Math.imul(hash ^ (hash >>> 13), mixing);
  return ((hash ^ (hash >>> 15)) & 0x7fffffff) % partitionCount;
}
