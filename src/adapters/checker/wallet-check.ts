import type { DatabasePool } from 'slonik';
import { ZodError } from 'zod';
import type { StoredEvent } from '../../domain/events.ts';
import { EventFromNewerVersion } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { ReadBalance, WalletAudit } from '../../domain/wallet/audit.ts';
import { balanceWrongs, walletAudit } from '../../domain/wallet/audit.ts';
import { correctionFindings } from '../../domain/wallet/audit-corrections.ts';
import type { WalletEvent } from '../../domain/wallet/events.ts';
import { walletEvents } from '../../domain/wallet/events.ts';
import type { Finding, Wrong } from '../../domain/wallet/finding.ts';
import { balanceLookOf } from '../../projections/balance.ts';
import { decoder } from '../eventstore/fold.ts';
import type { Log } from '../eventstore/log.ts';

const decode = decoder<WalletEvent>({ events: walletEvents });

export interface WalletCheckParts {
  readonly log: Pick<Log, 'read'>;
  readonly pool: Pick<DatabasePool, 'any'>;
  readonly signal?: AbortSignal;
}

export interface WalletChecked {
  readonly findings: readonly Finding[];
  readonly events: number;
  /** Why it could not be judged to the end; null: it was. */
  readonly unjudged: string | null;
}

/** The check of one wallet, which goes on where it was left when it is run again. */
export interface WalletCheck {
  readonly walletId: string;
  /** Events that were read of the stream of the moment: what it takes to remember them. */
  size(): number;
  run(): Promise<WalletChecked>;
}

interface Row {
  readonly position: bigint | null;
  readonly rows: readonly ReadBalance[];
}

/**
 * Checks a wallet's events from a stream on, by default its first. The read model is looked at first
 * and compared when the fold has come to the same position: that it lags is no difference.
 */
export function walletCheck(
  walletId: string,
  parts: WalletCheckParts,
  from = streamOf.wallet(walletId),
): WalletCheck {
  const audit = walletAudit();
  const isWhole = from === streamOf.wallet(walletId);
  let stream = from;
  let revision: bigint | undefined;
  let size = 0;

  async function* events(): AsyncGenerator<StoredEvent, void, undefined> {
    for (;;) {
      for await (const event of parts.log.read(stream, revision)) {
        parts.signal?.throwIfAborted();
        revision = event.revision;
        size += 1;
        yield event;
      }
      const { next } = audit.state();
      if (next === null || next === stream) return;
      stream = next;
      revision = undefined;
      size = 0;
    }
  }

  async function run(): Promise<WalletChecked> {
    const row = await placedRow(walletId, parts.pool);
    const findings: Finding[] = [];
    let read = 0;
    let isCompared = !isComparable(row, audit);
    const compare = () => {
      isCompared = true;
      findings.push(...told(audit, walletId, balanceWrongs(audit.balances(), row.rows)));
    };
    for await (const event of events()) {
      if (!isCompared && row.position !== null && event.position > row.position) compare();
      findings.push(...audit.take(decode(event)));
      read += 1;
    }
    if (!isCompared && audit.last()) compare();
    findings.push(...told(audit, walletId, audit.whole()));
    if (isWhole) findings.push(...(await lateCorrections(audit, walletId, parts)));
    return { findings, events: read, unjudged: null };
  }

  return {
    walletId,
    size: () => size,
    run: () => run().catch((error: unknown) => unreadable(error, walletId)),
  };
}

/** A row that is older than what was folded already says nothing about it. */
const isComparable = ({ position }: Row, audit: WalletAudit): boolean => {
  const last = audit.last()?.position;
  return position !== null && (last === undefined || position >= last);
};

function told(audit: WalletAudit, walletId: string, wrongs: readonly Wrong[]): readonly Finding[] {
  const { position = null } = audit.last() ?? {};
  return wrongs.map(({ invariant, what }) => ({
    ...{ invariant, what, wallet: walletId, eventId: null, position },
  }));
}

/** An event that nobody can read is a finding; one that a newer release reads is not. */
function unreadable(error: unknown, walletId: string): WalletChecked {
  if (error instanceof EventFromNewerVersion) {
    return { findings: [], events: 0, unjudged: error.message };
  }
  if (!(error instanceof ZodError)) throw error;
  const what = `An event can't be read: ${error.issues[0]?.message ?? ''}`;
  const invariant = 'books' as const;
  const finding = { invariant, what, wallet: walletId, eventId: null, position: null };
  return { findings: [finding], events: 0, unjudged: what };
}

async function placedRow(walletId: string, pool: WalletCheckParts['pool']): Promise<Row> {
  const found = await pool.any(balanceLookOf(walletId));
  const position = found[0]?.position ?? null;
  return {
    position: position === null ? null : BigInt(position),
    rows: found.flatMap(({ asset, posted, held }) =>
      asset === null ? [] : [{ asset, posted: posted ?? '0', held: held ?? '0' }],
    ),
  };
}

/** Few corrections name a settlement of an earlier stream: those are looked for once more. */
async function lateCorrections(
  audit: WalletAudit,
  walletId: string,
  { log }: WalletCheckParts,
): Promise<readonly Finding[]> {
  const open = audit.open();
  if (open.length === 0) return [];
  const found = await eventsOf(walletId, log, new Set(open.map(({ event }) => event.data.eventId)));
  return open.flatMap((correction) => {
    const settled = found.get(correction.event.data.eventId);
    return correctionFindings(correction, settled && decode(settled));
  });
}

async function eventsOf(
  walletId: string,
  log: WalletCheckParts['log'],
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StoredEvent>> {
  const found = new Map<string, StoredEvent>();
  let stream: string | undefined = streamOf.wallet(walletId);
  while (stream !== undefined) {
    const name: string = stream;
    stream = undefined;
    for await (const event of log.read(name)) {
      if (ids.has(event.id)) found.set(event.id, event);
      stream = nextIn(event) ?? stream;
    }
  }
  return found;
}

function nextIn(event: StoredEvent): string | undefined {
  if (event.type !== 'WalletPeriodClosed') return undefined;
  const closed = decode(event);
  return closed.type === 'WalletPeriodClosed' ? closed.data.next : undefined;
}
