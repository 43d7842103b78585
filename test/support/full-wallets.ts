import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { grantOf, price, reserveOf } from './wallets.ts';

/** What takes the most room in a wallet's state, each of it different from the others. */

/** As many digits before the point as an amount may have. */
export const wide = '9'.repeat(26);

/** As long as an alias may be. */
export const longAlias = (n: number): string => `${n}-`.padEnd(128, 'm');

export const wideLot = (n: number, scope: readonly string[] | null = null) =>
  grantOf(`${wide}.${100_000_000_001 + n}`, {
    lotId: nameId(`lot ${n}`),
    kind: 'compensation',
    priority: -1_000,
    expiresAt: '2027-01-01T00:00:00.000Z',
    scope,
  });

/** As long as a name and an amount may be. */
export const wideCost = (n: number) => ({
  ...{ upstream: `u${n}`.padEnd(64, 'x'), asset: 'CNY' },
  ...{ fixed: new Decimal(`${wide}.123456789012`), perOutput: new Decimal(0) },
});

/** A reservation that shares nothing with any other: key, process, model, price and upstream are its own. */
export function lonelyCall(n: number): WalletCommand {
  const command = reserveOf(`call ${n}`, { processId: nameId(`process ${n}`) });
  const model = longAlias(n);
  const dear = `${'9'.repeat(20)}.${n + 10_000}1`;
  const prices = { input: dear, cachedInput: dear, output: dear };
  const rates = [`alias:${model}`, 'plan:standard'] as const;
  return {
    ...command,
    rates: rates.flatMap((scope) => [
      { scope, window: 'minute', measure: 'requests', most: '100000' },
      { scope, window: 'minute', measure: 'tokens', most: '9'.repeat(26) },
    ]),
    mayCost: wideCost(n),
    call: {
      ...command.call,
      model,
      memberId: nameId(`member ${n}`),
      apiKeyId: nameId(`key ${n}`),
      requestId: `req_${'0'.repeat(32)}`,
    },
    price: { ...price, alias: model, prices },
  };
}
