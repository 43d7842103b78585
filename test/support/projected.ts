import type { ExecutionContext } from 'ava';
import { pino } from 'pino';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import type { Projector } from '../../src/adapters/postgres/project.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import type { DomainEvent, StoredEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { projections } from '../../src/projections/registry.ts';
import { testDatabase } from './postgres.ts';
import { storedHistory } from './recorded.ts';
import { routeTo } from './routes.ts';
import { abandonOf, grantOf, history, releaseOf, reserveOf, settleOf } from './wallets.ts';

const log = pino({ level: 'silent' });

/** A migrated database of its own. */
export async function database(t: ExecutionContext): Promise<string> {
  const url = await testDatabase(t);
  await migrate(url);
  return url;
}

/** A projector that is not open yet. */
export const start = (databaseUrl: string, which = projections): Projector =>
  projector({ databaseUrl, projections: which, log });

/** Several wallets, calls that overlap and resolve in each way, and some other nouns in between. */
export function story(): readonly StoredEvent[] {
  const names = Array.from({ length: 12 }, (_, n) => `call-${n}`);
  const calls = history(
    grantOf('5'),
    grantOf('99999999999999999999999999.123456789012', { kind: 'paid' }),
    ...names.slice(0, 6).map((name) => reserveOf(name)),
    ...names.slice(0, 4).map((name, n) => settleOf(name, { input: n, output: 10 * n })),
    ...names.slice(6).map((name) => reserveOf(name)),
    settleOf('call-4', { output: 500 }),
    releaseOf('call-5', { at: later }),
    abandonOf('call-6', { at: later }),
  );
  const others: readonly DomainEvent[] = [
    { type: 'RouteChanged', data: { alias: 'demo', ...routeTo([candidate]) } },
    { type: 'RoleGranted', data: { memberId: nameId('member'), role: 'admin' } },
    { type: 'RouteChanged', data: { alias: 'demo', ...routeTo([candidate, candidate]) } },
  ];
  const [before, after] = [calls.slice(0, 9), calls.slice(9)];
  return storedHistory([...before, ...others, ...after], { position: 10n });
}

const later = '2026-01-02T12:00:00.000Z';
export const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };
