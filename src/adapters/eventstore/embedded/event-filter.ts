import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedEvent } from './recorded-event.ts';
import { invalidArgument } from './service-error.ts';

/** EventStoreDB's window when the client names none. */
const defaultWindow = 32;

export interface EventFilter {
  readonly matches: (event: RecordedEvent) => boolean;
  /** Stream name prefixes, when the filter is nothing else: the table can then apply it. */
  readonly streamPrefixes: readonly string[] | undefined;
  /** So many events may be considered, at most, without a word to the subscriber. */
  readonly checkpointInterval: number;
}

export function eventFilter(options: streams.ReadReq.Options.FilterOptions): EventFilter {
  const byStream = options.getStreamIdentifier();
  const expression = byStream ?? options.getEventType();
  if (expression === undefined) throw invalidArgument('A filter needs an expression.');
  const prefixes = expression.getPrefixList();
  const test = prefixes.length > 0 ? startsWithAny(prefixes) : compiled(expression.getRegex());
  const window = options.hasMax() ? options.getMax() : defaultWindow;
  return {
    matches: byStream === undefined ? ({ type }) => test(type) : ({ stream }) => test(stream),
    streamPrefixes: byStream === undefined || prefixes.length === 0 ? undefined : prefixes,
    checkpointInterval:
      Math.max(1, window) * Math.max(1, options.getCheckpointintervalmultiplier()),
  };
}

const startsWithAny = (prefixes: readonly string[]) => (text: string) =>
  prefixes.some((prefix) => text.startsWith(prefix));

function compiled(regex: string): (text: string) => boolean {
  try {
    const pattern = new RegExp(regex);
    return (text) => pattern.test(text);
  } catch (cause) {
    throw invalidArgument(`'${regex}' is no regular expression.`, cause);
  }
}
