import { z } from 'zod';
import { keyCheck } from '../adapters/vault/secrets.ts';
import type { Progress } from '../progress.ts';
import type { Header, Row, TableName } from './format.ts';
import { BackupUnusable, tableNames } from './format.ts';
import type { Backup, Content } from './read-backup.ts';

/** What a restore must know of a backup before it touches anything. */
export interface Checked {
  /** What tells whether a master key is the right one; undefined: the vault was never opened. */
  readonly masterKeyCheck: string | undefined;
}

const KeyCheck = z.object({ name: z.literal(keyCheck), sealed: z.string() });

/** Reads a backup to its end: everything is there, in its place, and as it was written. */
export async function checkBackup({ header, lines }: Backup, progress: Progress): Promise<Checked> {
  const tally = tallyOf(header);
  progress.begin('checking the file', tally.expected, 'rows and events');
  let masterKeyCheck: string | undefined;
  for await (const line of lines()) {
    progress.reached(tally.add(line));
    if (line[0] === 'rows') masterKeyCheck ??= keyCheckIn(line[2]);
  }
  progress.end();
  tally.close();
  return { masterKeyCheck };
}

const keyCheckIn = (rows: readonly Row[]): string | undefined =>
  rows.map((row) => KeyCheck.safeParse(row).data?.sealed).find((sealed) => sealed !== undefined);

/** Counts what the first line says there is. */
function tallyOf(header: Header) {
  const counts = new Map<TableName, number>();
  let events = 0;
  let done = 0;
  return {
    expected: Object.values(header.rows).reduce((sum, each) => sum + each, header.events),
    add(line: Content): number {
      if (line[0] === 'rows') {
        const [, name, rows] = line;
        counts.set(name, (counts.get(name) ?? 0) + rows.length);
        done += rows.length;
        return done;
      }
      for (const [position] of line[1]) {
        if (position !== events) throw new BackupUnusable(`Event ${events} is not in the backup.`);
        events += 1;
      }
      done += line[1].length;
      return done;
    },
    close() {
      const isWhole = tableNames.every((name) => (counts.get(name) ?? 0) === header.rows[name]);
      if (isWhole && events === header.events) return;
      throw new BackupUnusable('The backup does not hold what its first line says.');
    },
  };
}
