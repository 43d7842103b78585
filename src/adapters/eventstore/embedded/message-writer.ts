const lengthDelimited = 2;

/**
 * Writes one protobuf message from its end to its beginning, so that the length of everything within
 * is known when it is asked for. Takes the room it is given; more than that is a mistake.
 */
export class MessageWriter {
  readonly #bytes: Buffer;
  #at: number;

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room);
    this.#at = room;
  }

  /** To be given to `close`, which makes a message of all that was written since. */
  mark(): number {
    return this.#at;
  }

  close(field: number, mark: number): void {
    this.#varint(mark - this.#at);
    this.#varint(field * 8 + lengthDelimited);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
    this.close(field, this.#at + value.length);
  }

  /** The length is that of its UTF-8. */
  text(field: number, value: string, length: number): void {
    this.#at -= length;
    this.#bytes.write(value, this.#at, length, 'utf8');
    this.close(field, this.#at + length);
  }

  /** A whole number up to 2^53. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.#varint(value);
    this.#varint(field * 8);
  }

  done(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  #varint(value: number): void {
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
    this.#at -= size;
    let at = this.#at;
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#bytes[at] = (rest % 128) + 128;
      at += 1;
    }
    this.#bytes[at] = rest;
  }
}
