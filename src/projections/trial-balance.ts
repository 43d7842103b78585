import { z } from 'zod';
import { Asset } from '../domain/accounts.ts';
import { legsOf, onEntries } from './legs.ts';
import { projection, sum } from './projection.ts';
import { query } from './query.ts';
import { Total } from './total.ts';

export const trialBalance = projection(
  'trial_balance',
  {
    meaning: 'One row an account and asset: its balance. Each asset sums to zero, or books differ.',
    group: 'finance',
    version: 1,
    key: { account: 'text', asset: 'text' },
    columns: { balance: sum('numeric', 'debit positive') },
  },
  onEntries((event) =>
    legsOf(event).map(({ account, asset, amount }) => ({ account, asset, balance: amount })),
  ),
);

const AccountRow = z.object({ account: z.string(), asset: Asset, balance: Total });

/** All accounts, by name. */
export const listAccounts = () =>
  query(AccountRow)`
    SELECT account, asset, trim_scale(balance)::text AS balance
    FROM read.trial_balance ORDER BY account, asset`;

const ImbalanceRow = z.object({ asset: Asset, difference: Total });

/** The assets whose accounts don't sum to zero: none, ever. */
export const listImbalances = () =>
  query(ImbalanceRow)`
    SELECT asset, trim_scale(sum(balance))::text AS difference
    FROM read.trial_balance GROUP BY asset HAVING sum(balance) <> 0 ORDER BY asset`;
