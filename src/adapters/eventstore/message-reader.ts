/** Reads one protobuf message field by field, without an object for anything that nobody asks for. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #wire = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The next field's number; 0 at the end. */
  field(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.number();
    this.#wire = tag % 8;
    return Math.floor(tag / 8);
  }

  /** An integer that is known to be small; above 2^53 it is rounded. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('A message ends within a number.');
      this.#at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  bigint(): bigint {
    const start = this.#at;
    const value = this.number();
    if (value <= Number.MAX_SAFE_INTEGER) return BigInt(value);
    let exact = 0n;
    for (let at = this.#at - 1; at >= start; at -= 1) {
      exact = (exact << 7n) | BigInt((this.#bytes[at] ?? 0) & 127);
    }
    return exact;
  }

  /** A message within this one. */
  message(): MessageReader {
    const end = this.#endOfBytes();
    const inner = new MessageReader(this.#bytes, this.#at, end);
    this.#at = end;
    return inner;
  }

  text(): string {
    const end = this.#endOfBytes();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const end = this.#endOfBytes();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** Passes over the field that was begun. */
  skip(): void {
    switch (this.#wire) {
      case 0:
        this.number();
        return;
      case 1:
        this.#at += 8;
        return;
      case 2:
        this.#at = this.#endOfBytes();
        return;
      case 5:
        this.#at += 4;
        return;
      default:
        throw new RangeError(`A message has a field of an unknown kind, ${this.#wire}.`);
    }
  }

  #endOfBytes(): number {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#end) throw new RangeError('A message ends within a field.');
    return end;
  }
}
