/** An event as the log stores it. Revisions are decimal text where a tombstone's may occur: it doesn't fit a number. */
export interface RecordedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: string;
  readonly id: string;
  readonly type: string;
  /** 100 ns ticks since 1970, as the protocol wants them. */
  readonly created: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /**
   * How subscribers get it, made for the first of them. It stands here because a weak map of the newest
   * events costs the garbage collector more than all the rest of the node.
   */
  frame?: Uint8Array;
}

/** An event as a client proposes it. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** The revision EventStoreDB gives a tombstone, and the `$tb` of a softly deleted stream: 2^63 - 1. */
export const deletedRevision = '9223372036854775807';

export const emptyBytes = new Uint8Array(0);

/** What EventStoreDB counts against its append limit (type names are UTF-16 there). */
export const sizeOf = (event: ProposedEvent): number =>
  event.data.length + event.metadata.length + 2 * event.type.length;
