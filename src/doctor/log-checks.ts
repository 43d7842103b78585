import type { LogAudit, LogAuditParts } from '../adapters/checker/log-audit.ts';
import { auditLog } from '../adapters/checker/log-audit.ts';
import { orphanKeys } from '../adapters/vault/orphan-keys.ts';
import type { Finding, Invariant } from '../domain/wallet/finding.ts';
import { invariants } from '../domain/wallet/finding.ts';
import type { Check } from './check.ts';
import { failure, ok, someOf, warning } from './check.ts';

const meaning: Readonly<Record<Invariant, string>> = {
  I1: 'every entry, and the trial balance, sums to zero',
  I2: 'fold, legs and read model have the same balances',
  I3: 'no reservation takes more than there is',
  I4: 'open holds are what is held, and each ends once',
  I5: 'charges are within their holds, corrections within charges',
  I6: 'every lot adds up, and burns in its order',
  I7: 'no event occurs twice, and no command',
  I8: 'every lot is granted once',
  books: 'streams are whole, and their books a chain',
};

/** Everything that the whole log can be asked. */
export async function logChecks(parts: LogAuditParts): Promise<readonly Check[]> {
  const audit = await auditLog(parts);
  const { events, wallets, unjudged } = audit;
  return [
    unjudged.length === 0
      ? ok('log', `${events} events, ${wallets} wallets`)
      : warning('log', `${unjudged.length} wallets could not be judged`, someOf(unjudged)),
    keyCheck(audit),
    await orphanCheck(parts),
    ...invariants.map((invariant) => invariantCheck(invariant, audit.findings)),
  ];
}

function keyCheck({ keyless, members }: LogAudit): Check {
  if (keyless.length === 0) return ok('member keys', `all ${members} members have theirs`);
  const lines = keyless.map((memberId) => `member ${memberId} has neither a key nor a tombstone`);
  return failure('member keys', `${keyless.length} are missing: restore the vault`, someOf(lines));
}

async function orphanCheck(parts: LogAuditParts): Promise<Check> {
  const orphans = await orphanKeys(parts);
  if (orphans.length === 0) return ok('keys of nobody', 'none older than an hour');
  const said = `${orphans.length} older than an hour: the scheduler removes them`;
  return warning('keys of nobody', said, someOf(orphans.map((id) => `key of ${id}`)));
}

function invariantCheck(invariant: Invariant, findings: readonly Finding[]): Check {
  const found = findings.filter((finding) => finding.invariant === invariant);
  if (found.length === 0) return ok(invariant, meaning[invariant]);
  return failure(invariant, `${found.length} differences`, someOf(found.map(lineOf), 10));
}

const lineOf = ({ wallet, eventId, position, what }: Finding): string =>
  [
    wallet === null ? '' : `wallet ${wallet}: `,
    what,
    eventId === null ? '' : ` (event ${eventId}`,
    eventId === null || position === null ? '' : ` at ${position}`,
    eventId === null ? '' : ')',
  ].join('');
