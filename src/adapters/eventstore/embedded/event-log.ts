import type { GroupWriter } from './group-writer.ts';
import type { LogReader } from './log-reader.ts';
import type { RecentEvents } from './recent-events.ts';

/** The open log: what every request handler works on. */
export interface EventLog {
  readonly writer: GroupWriter;
  readonly reader: LogReader;
  readonly recent: RecentEvents;
  readonly clock: () => number;
  /** Is told of what must not happen. */
  readonly onFault: (message: string, cause: unknown) => void;
}
