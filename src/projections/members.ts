import { z } from 'zod';
import { EmailHash } from '../domain/email/events.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { MemberPlan, Role } from '../domain/member/events.ts';
import type { PageByMoment, PageOf } from './page.ts';
import { olderThan, page } from './page.ts';
import { first, latest, projection } from './projection.ts';
import { fragment, query } from './query.ts';

export const members = projection(
  'members',
  {
    meaning:
      'One row a member: who it is, and in what state. Addresses and names are sealed; its roles are in `member_roles`, its plan in `member_plans`.',
    group: 'analytics',
    version: 2,
    key: { member_id: 'uuid' },
    columns: {
      wallet_id: first('uuid'),
      email_hash: latest('text', 'HMAC of the normalised address, under a key of the vault'),
      sealed: latest('text', `address, name and password hash, sealed under the member's key`),
      status: latest('text', '`unverified`, `active`, or `superseded` by a newer sign-up'),
      disabled: latest('boolean', 'null or false: its keys and sessions are let in'),
      client_app: latest('text', 'the client app that it belongs to; null: none'),
      registered_at: first('timestamptz', 'when its address was claimed'),
      verified_at: latest('timestamptz', 'when its address was verified; null: not yet'),
    },
    indexes: ['(registered_at DESC, member_id DESC)'],
  },
  {
    MemberRegistered: ({ data, meta }) => [
      {
        member_id: data.memberId,
        wallet_id: data.walletId,
        email_hash: data.emailHash,
        sealed: data.sealed,
        status: 'unverified',
        registered_at: meta.recordedAt,
      },
    ],
    RegistrationSuperseded: ({ data }) => [{ member_id: data.memberId, status: 'superseded' }],
    EmailVerified: ({ data, meta }) => [
      { member_id: data.memberId, status: 'active', verified_at: meta.recordedAt },
    ],
    MemberDisabled: ({ data }) => [{ member_id: data.memberId, disabled: true }],
    MemberEnabled: ({ data }) => [{ member_id: data.memberId, disabled: false }],
    ClientAppJoined: ({ data }) => [{ member_id: data.memberId, client_app: data.clientApp }],
  },
);

const Status = z.enum(['unverified', 'active', 'superseded']);

/** What of a member an operator decides. */
const decided = {
  roles: z.array(Role),
  disabled: z.boolean(),
  client_app: z.string().nullable(),
  plan: MemberPlan.nullable(),
};

export const MemberRow = z.object({
  member_id: Uuid,
  wallet_id: Uuid,
  sealed: z.string(),
  status: Status,
  ...decided,
  registered_at: Instant,
  verified_at: Instant.nullable(),
});
export type MemberRow = z.infer<typeof MemberRow>;

const roles = fragment`COALESCE((SELECT jsonb_agg(r.role ORDER BY r.role) FROM read.member_roles AS r
  WHERE r.member_id = m.member_id AND r.granted), '[]')`;

const decisions = fragment`${roles} AS roles, COALESCE(m.disabled, false) AS disabled, m.client_app,
  (SELECT p.plan FROM read.member_plans AS p WHERE p.member_id = m.member_id AND p.has_plan) AS plan`;

const rows = fragment`SELECT m.member_id, m.wallet_id, m.sealed, m.status, ${decisions},
    m.registered_at, m.verified_at
  FROM read.members AS m`;

export const memberById = (memberId: string) =>
  query(MemberRow)`${rows} WHERE m.member_id = ${memberId}`;

/** All members, the newest first. */
export const listMembers = ({ limit, after }: PageByMoment) =>
  query(MemberRow)`${rows}
    WHERE ${olderThan(after, fragment`m.registered_at, m.member_id`)}
    ORDER BY m.registered_at DESC, m.member_id DESC
    LIMIT ${limit + 1}`;

export const membersPage = (rows: readonly MemberRow[], wanted: PageOf<unknown>) =>
  page(rows, wanted, (row) => [row.registered_at, row.member_id]);

const AdminRow = z.object({ member_id: Uuid, sealed: z.string() });
export type AdminRow = z.infer<typeof AdminRow>;

/** Who runs the place. */
export const listAdmins = () =>
  query(AdminRow)`
    SELECT m.member_id, m.sealed
    FROM read.members AS m JOIN read.member_roles AS r USING (member_id)
    WHERE r.role = 'admin' AND r.granted AND m.status = 'active' ORDER BY m.member_id`;

export const IndexedMember = z.object({
  member_id: Uuid,
  wallet_id: Uuid,
  email_hash: EmailHash,
  sealed: z.string(),
  status: Status,
  ...decided,
});

/** Every member, as the access index of a process starts from them. */
export const indexedMembers = () =>
  query(IndexedMember)`
    SELECT m.member_id, m.wallet_id, m.email_hash, m.sealed, m.status, ${decisions}
    FROM read.members AS m`;
