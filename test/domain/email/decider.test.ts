import test from 'ava';
import { email } from '../../../src/domain/email/decider.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { fold, given } from '../../support/given.ts';

const emailHash = 'a'.repeat(64);
const claimOf = (who: string) => ({
  emailHash,
  memberId: nameId(who),
  walletId: nameId(`${who}/wallet`),
  codeHash: `code of ${who}`,
  sealed: `sealed by ${who}`,
  expiresAt: '2026-01-02T00:00:00.000Z',
});
const claims = (who: string) => ({ type: 'ClaimEmail' as const, ...claimOf(who) });
const claimed = (who: string, replaces: string | null = null) => ({
  type: 'EmailClaimed' as const,
  data: { ...claimOf(who), replaces: replaces ? nameId(replaces) : null },
});
const owned = (who: string) => ({
  type: 'EmailOwned' as const,
  data: { emailHash, memberId: nameId(who), walletId: nameId(`${who}/wallet`) },
});
const owns = (who: string, at = '2026-01-01T00:00:00.000Z') => ({
  type: 'OwnEmail' as const,
  codeHash: `code of ${who}`,
  at,
});

test('a free address is claimed', (t) => {
  given(email)(t).when(claims('ann')).yields(claimed('ann'));
});

test('the newest sign-up replaces a pending one', (t) => {
  given(email, claimed('ann'))(t).when(claims('bob')).yields(claimed('bob', 'ann'));
});

test('a replaced sign-up’s code is dead', (t) => {
  given(
    email,
    claimed('ann'),
    claimed('bob', 'ann'),
  )(t)
    .when(owns('ann'))
    .isRefused('code_invalid');
});

test('the code makes the claim the owner’s, once', (t) => {
  given(email, claimed('ann'))(t).when(owns('ann')).yields(owned('ann'));
  given(email, claimed('ann'), owned('ann'))(t).when(owns('ann')).yields();
});

test('a code lives a day', (t) => {
  given(
    email,
    claimed('ann'),
  )(t)
    .when(owns('ann', '2026-01-02T00:00:00.000Z'))
    .isRefused('code_expired');
});

test('an owned address is taken', (t) => {
  given(email, claimed('ann'), owned('ann'))(t).when(claims('bob')).isRefused('email_taken');
});

test('no code opens a free address', (t) => {
  given(email)(t).when(owns('ann')).isRefused('code_invalid');
  t.is(fold(email, []).status, 'free');
});
