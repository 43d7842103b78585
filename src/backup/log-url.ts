import { databaseUrl as urlOf } from '../adapters/postgres/embedded-database.ts';
import type { Config } from '../config.ts';

/** The database that the embedded event node keeps its log in; undefined: the log is somebody else's. */
export function embeddedLogUrl(
  { databaseUrl, eventstoreUrl }: Pick<Config, 'databaseUrl' | 'eventstoreUrl'>,
  readSideUrl: string,
): string | undefined {
  if (eventstoreUrl) return undefined;
  return databaseUrl ?? urlOf(readSideUrl, 'eventlog');
}
