import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { decode, EventFromNewerVersion } from '../../domain/events.ts';
import { onceAudit } from '../../domain/once/audit.ts';
import type { Finding } from '../../domain/wallet/finding.ts';
import { listRepeatedEvents } from '../../projections/event-index.ts';
import { query } from '../../projections/query.ts';
import { listImbalances } from '../../projections/trial-balance.ts';
import type { Log } from '../eventstore/log.ts';
import { imbalances } from './checker.ts';
import { walletOf } from './log-news.ts';
import { readOn } from './read-on.ts';
import { walletCheck } from './wallet-check.ts';

export interface LogAuditParts {
  readonly eventLog: Pick<Log, 'head' | 'read' | 'subscribe'>;
  readonly pool: DatabasePool;
}

export interface LogAudit {
  readonly events: number;
  readonly wallets: number;
  readonly members: number;
  readonly findings: readonly Finding[];
  /** Members, and people who wait to be one, whose key is not in the vault. */
  readonly keyless: readonly string[];
  /** Why a wallet could not be judged. */
  readonly unjudged: readonly string[];
}

const atOnce = 1_000;

/** All that can be checked of the whole log and what was made from it, at once. */
export async function auditLog({ eventLog, pool }: LogAuditParts): Promise<LogAudit> {
  const once = onceAudit();
  const wallets = new Set<string>();
  const findings: Finding[] = [];
  const unjudged: string[] = [];
  const keys = keyCheck(pool);
  let events = 0;
  let members = 0;
  for await (const event of readOn(eventLog, { after: null })) {
    events += 1;
    if (event.type === 'MemberRegistered') members += 1;
    const walletId = walletOf(event.stream);
    if (walletId !== undefined) wallets.add(walletId);
    else if (event.stream.startsWith('once-')) findings.push(...once.take(event));
    else await keys.take(memberIn(event, unjudged));
  }
  for (const walletId of wallets) {
    const checked = await walletCheck(walletId, { log: eventLog, pool }).run();
    findings.push(...checked.findings);
    if (checked.unjudged !== null) unjudged.push(checked.unjudged);
  }
  findings.push(...imbalances(await pool.any(listImbalances())), ...(await repeated(pool)));
  const keyless = await keys.done();
  return { events, wallets: wallets.size, members, findings, keyless, unjudged };
}

function memberIn(stored: Parameters<typeof decode>[0], unjudged: string[]): string | undefined {
  if (stored.type !== 'MemberRegistered' && stored.type !== 'EmailClaimed') return undefined;
  try {
    const event = decode(stored);
    const isMember = event.type === 'MemberRegistered' || event.type === 'EmailClaimed';
    return isMember ? event.data.memberId : undefined;
  } catch (error) {
    if (!(error instanceof EventFromNewerVersion)) throw error;
    unjudged.push(error.message);
    return undefined;
  }
}

const KeylessRow = z.object({ member_id: z.string() });

const keylessOf = (ids: readonly string[]) =>
  query(KeylessRow)`
    SELECT wanted.member_id::text AS member_id
    FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) AS wanted(member_id)
    WHERE NOT EXISTS (
      SELECT FROM vault.member_keys AS k WHERE k.member_id = wanted.member_id::uuid)`;

/** Everybody who was ever registered has a key in the vault, or the tombstone of one. */
function keyCheck(pool: DatabasePool) {
  const keyless = new Set<string>();
  let waiting: string[] = [];
  const look = async () => {
    for (const row of await pool.any(keylessOf(waiting))) keyless.add(row.member_id);
    waiting = [];
  };
  return {
    async take(memberId: string | undefined): Promise<void> {
      if (memberId !== undefined) waiting.push(memberId);
      if (waiting.length >= atOnce) await look();
    },
    async done(): Promise<readonly string[]> {
      await look();
      return [...keyless];
    },
  };
}

async function repeated(pool: DatabasePool): Promise<readonly Finding[]> {
  const rows = await pool.any(listRepeatedEvents());
  return rows.map(({ id, position, times }) => ({
    invariant: 'I7',
    wallet: null,
    eventId: id,
    position: BigInt(position),
    what: `The log has event ${id} ${times} times.`,
  }));
}
