import { createHash, randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { pino } from 'pino';
import type { AccessParts } from '../../../src/adapters/eventstore/access.ts';
import { accessIndex } from '../../../src/adapters/eventstore/access.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { AccessRows } from '../../../src/adapters/postgres/index-rows.ts';
import type { KeyPermits } from '../../../src/domain/api-key/events.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import { everything } from '../../../src/domain/permits.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';

const logger = pino({ level: 'silent' });
export const clock = () => new Date('2025-01-01T00:00:00.000Z');
export const noRows: AccessRows = { apiKeys: [], members: [], endedSessions: [], after: null };

/** An index of who may call, until the test ends. */
export async function indexOn(
  t: ExecutionContext,
  log: MemoryLog,
  more: Partial<AccessParts> = {},
) {
  const index = accessIndex({
    ...{ log, logger, scenarios: scenarioNames() },
    rows: () => Promise.resolve(noRows),
    ...more,
  });
  t.teardown(() => index.close());
  await index.filled;
  return index;
}

/** A plan that permits everything, and the scenario `for-<id>` alone. */
export const planOf = (id: string) => ({
  ...{ id, expiresAt: null, ...everything, scenarios: [`for-${id}`] },
  limits: { requestsPerMinute: 1, tokensPerMinute: null, concurrent: null },
});

/** A member with a key, and what can happen to them. */
export function person(log: MemoryLog) {
  const { member, apiKey } = runners({ log, clock });
  const [memberId, walletId, keyId] = [randomUUID(), randomUUID(), randomUUID()];
  const hash = createHash('sha256').update(keyId).digest('hex');
  const emailHash = 'e'.repeat(64);
  const change = (command: Parameters<typeof member.run>[1]) =>
    member.run(streamOf.member(memberId), command, contextOf(randomUUID()));
  const ofKey = (command: Parameters<typeof apiKey.run>[1]) =>
    apiKey.run(streamOf.apiKey(hash), command, contextOf(randomUUID()));
  return {
    memberId,
    walletId,
    keyId,
    hash,
    emailHash,
    register: () =>
      change(() => ({ type: 'RegisterMember', memberId, walletId, emailHash, sealed: 's' })),
    verify: () => change(() => ({ type: 'VerifyMember' })),
    promote: () => change(() => ({ type: 'GrantRole', role: 'admin' })),
    supersede: () => change(() => ({ type: 'SupersedeRegistration', by: randomUUID() })),
    signOut: (sessionId: string) => change(() => ({ type: 'SignOut', sessionId })),
    claim: () =>
      ofKey(() => ({
        ...{ type: 'ClaimApiKey', hash, keyId, memberId, walletId, name: 'n', prefix: 'sk-1' },
      })),
    revoke: () => ofKey(() => ({ type: 'RevokeApiKey', memberId })),
    permit: (aliases: string[] | null, more: Partial<KeyPermits> = {}) =>
      ofKey(() => ({ type: 'PermitApiKey', memberId, permits: { aliases, ...more } })),
    assign: (id: string | null) =>
      change(() => ({ type: 'AssignPlan', plan: id === null ? null : planOf(id) })),
    join: (clientApp: string) => change(() => ({ type: 'JoinClientApp', clientApp })),
    disable: () => change(() => ({ type: 'DisableMember', reason: 'spam' })),
    enable: () => change(() => ({ type: 'EnableMember', reason: 'none after all' })),
  };
}

/** A log whose subscriptions never say anything. */
export const mute = (log: MemoryLog): MemoryLog => ({
  ...log,
  subscribe: async function* ({ signal }) {
    yield { kind: 'caught_up' };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
});

/** A mute log that counts how often a stream of it is read. */
export function countingReads(log: MemoryLog) {
  let reads = 0;
  const counted: MemoryLog = {
    ...mute(log),
    read(...args) {
      reads += 1;
      return log.read(...args);
    },
  };
  return { counted, reads: () => reads };
}
