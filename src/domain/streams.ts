/** The name of every kind of stream; nothing else builds one. */
export const streamOf = {
  alias: (alias: string) => `alias-${alias}`,
  apiKey: (hash: string) => `apikey-${hash}`,
  budget: (budgetId: string) => `budget-${budgetId}`,
  clientApp: (id: string) => `clientapp-${id}`,
  email: (emailHash: string) => `email-${emailHash}`,
  member: (memberId: string) => `member-${memberId}`,
  once: (id: string) => `once-${id}`,
  priceList: (alias: string) => `pricelist-${alias}`,
  readModel: (projection: string) => `readmodel-${projection}`,
  route: (alias: string) => `route-${alias}`,
  settings: () => 'settings',
  upstream: (id: string) => `upstream-${id}`,
  /** A wallet's first stream, by which it is known, or one that continues it. */
  wallet: (walletId: string, period = 0n) => `wallet-${walletId}@${period}`,
} as const;

/** Which of a wallet's streams this is; undefined for another wallet's, and for no wallet's. */
export function walletPeriodOf(stream: string, walletId: string): bigint | undefined {
  const period = /^wallet-(.+)@(\d+)$/.exec(stream);
  return period?.[1] === walletId ? BigInt(period[2] ?? 0) : undefined;
}
