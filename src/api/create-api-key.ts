import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import type { apiKey } from '../domain/api-key/decider.ts';
import { KeyPermits } from '../domain/api-key/events.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { apiKeys } from '../projections/api-keys.ts';
import { hashOfKeyText } from './auth.ts';
import type { Caller } from './caller.ts';
import { commandContext } from './command-context.ts';
import { shownPermits, WrittenPermits } from './key-permits.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';
import { ShownName } from './shown-name.ts';

export interface IssueKeyParts {
  readonly run: {
    readonly member: Pick<RunnerOf<typeof member>, 'run'>;
    readonly apiKey: Pick<RunnerOf<typeof apiKey>, 'run'>;
  };
  /** How many keys of a member may be good at once. */
  readonly most: () => number;
  /** How far the log has come. */
  readonly head: Log['head'];
  readonly clock: () => Date;
}

export interface IssuedKey {
  readonly id: string;
  /** The only time it is ever seen: what is kept is its hash. */
  readonly key: string;
  readonly prefix: string;
  readonly permits: KeyPermits;
  readonly createdAt: string;
  readonly position: bigint | null;
}

/**
 * Makes a key for a member, whose own stream says whether there may be one more; should nobody come to
 * claim it then, a policy does.
 */
export type IssueKey = (
  wanted: {
    readonly memberId: string;
    readonly walletId: string;
    readonly name: string;
    readonly permits?: Partial<KeyPermits>;
  },
  by: { readonly caller: Caller; readonly request: Pick<RequestFacts, 'id'> },
) => Promise<IssuedKey>;

export const keyIssuer =
  ({ run, most, head, clock }: IssueKeyParts): IssueKey =>
  async ({ memberId, permits: permitted, ...wanted }, by) => {
    const id = randomUUID();
    const key = `sk-${randomBytes(32).toString('base64url')}`;
    const prefix = key.slice(0, 10);
    const hash = hashOfKeyText(key);
    const permits = KeyPermits.parse({ ...shownPermits(null), ...permitted });
    const made = { ...wanted, hash, keyId: id, prefix, permits };
    await run.member.run(
      streamOf.member(memberId),
      (at) => ({ type: 'IssueApiKey', ...made, most: most(), at }),
      commandContext(by, clock, 'issue-api-key'),
    );
    const context = commandContext(by, clock, 'claim-api-key');
    const { events, position } = await run.apiKey.run(
      streamOf.apiKey(hash),
      () => ({ type: 'ClaimApiKey', memberId, ...made }),
      context,
    );
    const createdAt = events[0]?.meta.recordedAt ?? context.at;
    // A policy may have been there first: what it wrote is in the log by now.
    return { id, key, prefix, permits, createdAt, position: position ?? (await head()) };
  };

export const createApiKey = (issue: IssueKey, reads: Reads) =>
  route({
    method: 'POST',
    path: '/api/api-keys',
    who: 'session',
    summary: 'Make an API key; it is shown this once',
    body: z.strictObject({ name: ShownName, ...WrittenPermits.shape }),
    status: 201,
    reply: z.object({
      id: Uuid,
      name: z.string(),
      key: z.string(),
      prefix: z.string(),
      ...KeyPermits.shape,
      created_at: Instant,
    }),
    handle: async ({ caller, body: { name, ...permits }, request }) => {
      const { memberId, walletId } = caller;
      const issued = await issue({ memberId, walletId, name, permits }, { caller, request });
      await readable(reads, [apiKeys], issued.position);
      const { id, key, prefix, createdAt, position } = issued;
      return {
        body: { id, name, key, prefix, ...issued.permits, created_at: createdAt },
        position,
      };
    },
  });
