import test from 'ava';
import fc from 'fast-check';
import { Decimal } from '../../../src/domain/money.ts';
import { onceAudit } from '../../../src/domain/once/audit.ts';
import { balanceWrongs, walletAudit } from '../../../src/domain/wallet/audit.ts';
import { correctionFindings } from '../../../src/domain/wallet/audit-corrections.ts';
import { stored } from '../../support/recorded.ts';
import { audited, decodeWallet, randomWalletLog, walletLog } from '../../support/wallet-log.ts';
import { walletSteps } from '../../support/wallet-steps.ts';
import { walletId } from '../../support/wallets.ts';
import { breaks } from './audit-breaks.ts';
import {
  broken,
  corrected,
  correctionOf,
  plain,
  refused,
  renumbered,
  rolled,
  settlementId,
  settles,
} from './audit-histories.ts';

for (const [what, [events, expected]] of Object.entries(breaks)) {
  test(`the audit finds ${what}`, (t) => {
    const types = new Map(events.map(({ id, type }) => [id, type]));
    t.deepEqual(
      audited(events).map(({ invariant, eventId }) => `${invariant} ${types.get(eventId ?? '')}`),
      expected,
    );
  });
}

test('nothing is found in good histories, across their streams', (t) => {
  for (const events of [plain, corrected, rolled]) t.deepEqual(audited(events), []);
});

test('refusals may stand anywhere, also before a wallet is opened', (t) => {
  const at = { stream: plain[0]?.stream ?? '' };
  const [one, two, three] = [1n, 2n, 3n].map((n) =>
    stored(refused, { ...at, revision: 90n + n, position: 90n + n }),
  );
  if (one && two && three) {
    t.deepEqual(audited(renumbered([one, two, ...plain, three])), []);
  }
});

test('a stream can be checked from its own beginning', (t) => {
  const second = rolled.filter(({ stream }) => stream.endsWith('@1'));
  t.deepEqual(audited(second), []);
});

test('a finding names wallet, event and place', (t) => {
  const [found] = audited(broken(plain, 'UsageSettled', () => ({ charge: '5' })));
  const event = plain.find(({ type }) => type === 'UsageSettled');
  t.like(found, {
    invariant: 'I5',
    wallet: walletId,
    eventId: event?.id,
    position: event?.position,
  });
});

test('nothing is found in any history that the decider writes', (t) => {
  const property = fc.property(walletSteps, (steps) => {
    const findings = audited(randomWalletLog(steps));
    if (findings.length > 0) throw new Error(findings.map(({ what }) => what).join('\n'));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('a row with another balance than the fold is found, one with the same is not', (t) => {
  const fold = [{ asset: 'CNY', posted: new Decimal('1.5'), held: new Decimal('0') }];
  t.deepEqual(balanceWrongs(fold, [{ asset: 'CNY', posted: '1.50', held: '0' }]), []);
  t.like(balanceWrongs(fold, [{ asset: 'CNY', posted: '1.4', held: '0' }]), [{ invariant: 'I2' }]);
  t.is(balanceWrongs(fold, []).length, 1);
});

test('a correction of an earlier stream’s settlement is judged when that is found', (t) => {
  const events = walletLog(...settles, 'roll', correctionOf(settlementId(plain), '0.00001'));
  const audit = walletAudit();
  for (const event of events) audit.take(decodeWallet(event));
  const [open] = audit.open();
  t.is(open?.event.data.eventId, settlementId(plain));
  if (!open) return;
  const settled = events.find(({ id }) => id === settlementId(plain));
  t.deepEqual(settled && correctionFindings(open, decodeWallet(settled)), []);
  t.like(correctionFindings(open, undefined), [{ invariant: 'I5' }]);
});

const claimed = {
  type: 'CommandClaimed',
  data: { bodyHash: 'h', stream: 's', revision: '-1' },
} as const;
const done = { type: 'CommandDone', data: { reply: { status: 200, body: null } } } as const;

test('a claimed command has one reply, and nothing after it (I7)', (t) => {
  const place = (revision: bigint) => ({ stream: 'once-1', revision, position: revision });
  const audit = onceAudit();
  const found = [claimed, claimed, done].flatMap((event, n) =>
    audit.take(stored(event, place(BigInt(n)))),
  );
  t.deepEqual(found, []);
  t.like(audit.take(stored(done, place(3n))), [{ invariant: 'I7', wallet: null, position: 3n }]);
  t.is(onceAudit().take(stored(done, place(0n))).length, 1);
});
