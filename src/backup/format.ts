import { z } from 'zod';

/** What a file is told by, before anything else of it is believed. */
export const formatName = 'llm-member-backup';
export const formatVersion = 1;

/** Whose rows a backup holds, in the order in which they stand in it. */
export const tableNames = [
  'vault.secrets',
  'vault.member_keys',
  'journal.calls',
  'feed.positions',
  'feed.relay',
] as const;
export type TableName = (typeof tableNames)[number];

const Count = z.int().nonnegative();
const Position = z.string().regex(/^\d+$/);

export const Mark = z.object({ format: z.literal(formatName), version: z.int() });

/** The first line, in the clear: `head -1` tells what a file is. */
export const Header = z.object({
  format: z.literal(formatName),
  version: z.literal(formatVersion),
  madeAt: z.iso.datetime(),
  /** The log's last event that this goes with; null: an empty log. */
  position: Position.nullable(),
  /** `outside`: an EventStoreDB, which is backed up by its own means. */
  log: z.enum(['inside', 'outside']),
  /** The migrations that the rows are of. */
  migrations: z.array(z.string()),
  rows: z.record(z.enum(tableNames), Count),
  events: Count,
});
export type Header = z.infer<typeof Header>;

/** Bytes: as text where they are text, to the byte, else as base64 in a list of one. */
const Bytes = z.union([z.string(), z.tuple([z.base64()])]);

const Event = z.tuple([
  z.int().nonnegative(),
  z.string(),
  z.string(),
  z.uuid(),
  z.string(),
  z.string(),
  z.boolean(),
  Bytes,
  Bytes,
]);
export type WrittenEvent = z.infer<typeof Event>;

export const Row = z.record(z.string(), z.unknown());
export type Row = z.infer<typeof Row>;

/** Every other line, compressed: some rows, some events, or the end with the hash of all before it. */
export const Line = z.union([
  z.tuple([z.literal('rows'), z.enum(tableNames), z.array(Row)]),
  z.tuple([z.literal('events'), z.array(Event)]),
  z.tuple([z.literal('end'), z.string()]),
]);
export type Line = z.infer<typeof Line>;

/** The file is not what a backup left, or not a backup at all; the message says why. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable';
}
