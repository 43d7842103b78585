/** The name of every kind of stream; nothing else builds one. */
export const streamOf = {
  apiKey: (hash: string) => `apikey-${hash}`,
  email: (emailHash: string) => `email-${emailHash}`,
  member: (memberId: string) => `member-${memberId}`,
  once: (id: string) => `once-${id}`,
  priceList: (alias: string) => `pricelist-${alias}`,
  route: (alias: string) => `route-${alias}`,
  settings: () => 'settings',
  wallet: (walletId: string) => `wallet-${walletId}@0`,
} as const;
