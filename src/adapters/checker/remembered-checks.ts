import type { Finding } from '../../domain/wallet/finding.ts';
import type { WalletCheck, WalletCheckParts } from './wallet-check.ts';
import { walletCheck } from './wallet-check.ts';

/** Checks that go on where they stopped; together they remember no more than so many events. */
export function rememberedChecks(parts: WalletCheckParts, most: number) {
  const checks = new Map<string, WalletCheck>();
  return {
    /** What is found in a wallet's events since the last time, or from the beginning of a stream on. */
    async goOn(walletId: string, stream: string): Promise<readonly Finding[]> {
      const check = checks.get(walletId) ?? walletCheck(walletId, parts, stream);
      checks.delete(walletId);
      const { findings, unjudged } = await check.run();
      if (unjudged === null) checks.set(walletId, check);
      forget(checks, most);
      return findings;
    },
  };
}

/** The oldest go until the rest is no more than may be remembered. */
function forget(checks: Map<string, WalletCheck>, most: number): void {
  let size = 0;
  for (const check of checks.values()) size += check.size();
  for (const [walletId, check] of checks) {
    if (size <= most) return;
    size -= check.size();
    checks.delete(walletId);
  }
}
