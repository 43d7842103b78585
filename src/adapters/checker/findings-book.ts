import type { Logger } from 'pino';
import type { Finding } from '../../domain/wallet/finding.ts';

/** What is wrong at the moment, by wallet; each finding is logged when it is new. */
export function findingsBook(log: Logger) {
  const byOwner = new Map<string, ReadonlyMap<string, Finding>>();
  const put = (
    owner: string,
    findings: readonly Finding[],
    known: ReadonlyMap<string, Finding>,
  ) => {
    const now = new Map(findings.map((finding) => [keyOf(finding), finding]));
    for (const [key, { position, ...finding }] of now) {
      const told = byOwner.get(owner)?.has(key);
      if (!told) log.error({ ...finding, position: String(position) }, 'a difference was found');
    }
    const all = new Map([...known, ...now]);
    if (all.size > 0) byOwner.set(owner, all);
    else byOwner.delete(owner);
  };
  return {
    add: (wallet: string | null, findings: readonly Finding[]) => {
      const owner = wallet ?? 'log';
      if (findings.length > 0) put(owner, findings, byOwner.get(owner) ?? new Map());
    },
    replace: (owner: string, findings: readonly Finding[]) => put(owner, findings, new Map()),
    all: (): readonly Finding[] => [...byOwner.values()].flatMap((each) => [...each.values()]),
    wallets: (): readonly string[] =>
      [...byOwner.values()].flatMap((each) => [...each.values()][0]?.wallet ?? []),
  };
}

const keyOf = ({ invariant, eventId, what }: Finding): string => `${invariant} ${eventId} ${what}`;
