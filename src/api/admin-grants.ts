import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Asset, CreditKind, isUnit } from '../domain/accounts.ts';
import { nameId, Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { money, WrittenAmount } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import { Alias } from '../domain/price-list/events.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { Past } from '../domain/wallet/lot-events.ts';
import { WrittenMoment } from './moment.ts';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Reason } from './wallet-orders.ts';
import { WrittenUuid } from './written-uuid.ts';

const Grant = z.strictObject({
  asset: Asset,
  amount: WrittenAmount,
  reason: Reason,
  kind: CreditKind.default('promo'),
  /** Null: at once. */
  effective_at: WrittenMoment.nullable().default(null),
  expires_at: WrittenMoment.nullable().default(null),
  priority: z.int().min(-1_000).max(1_000).default(0),
  /** Of an allowance of units: what a call may do that it doesn't cover. */
  past: Past.default('bill'),
  /** The models it may be spent on; all when absent. */
  models: z.array(Alias).min(1).max(50).optional(),
});

const Granted = z.object({ lot_id: Uuid, wallet_id: Uuid });

export interface GrantParts {
  readonly loadMember: RunnerOf<typeof member>['load'];
  readonly order: OrderWallet;
}

/** Gives a member credit that nobody paid for. */
export const grantCredit = ({ loadMember, order }: GrantParts) =>
  route({
    method: 'POST',
    path: '/api/admin/members/:id/grants',
    who: 'admin',
    summary: 'Grant a member credit',
    params: z.object({ id: WrittenUuid }),
    body: Grant,
    idempotent: true,
    status: 201,
    reply: Granted,
    handle: async ({ params: { id: memberId }, body, ...by }) => {
      refuseKind(body);
      const walletId = await walletOf(memberId, loadMember);
      const lotOf = (commandId: string) => nameId(`lot/${commandId}`);
      return order(by, {
        name: 'grant',
        walletId,
        opens: true,
        reason: body.reason,
        said: body,
        command: (commandId) => (at) => ({
          ...grantOf(body),
          walletId,
          memberId,
          lotId: lotOf(commandId),
          at,
        }),
        status: 201,
        reply: Granted,
        body: (commandId) => ({ lot_id: lotOf(commandId), wallet_id: walletId }),
      });
    },
  });

const grantOf = (body: z.output<typeof Grant>) => ({
  type: 'GrantCredit' as const,
  currency: homeCurrency,
  asset: body.asset,
  amount: money(body.amount),
  kind: body.kind,
  priority: body.priority,
  effectiveAt: body.effective_at,
  expiresAt: body.expires_at,
  scope: body.models ?? null,
  past: body.past,
  reason: body.reason,
});

function refuseKind({ kind, asset }: z.output<typeof Grant>): void {
  if (kind === 'paid' || (kind === 'plan' && !isUnit(asset))) {
    throw new Rejection('kind_not_grantable', `Credit of kind ${kind} is not granted by hand.`, {
      why: 'kind_not_by_hand',
      values: { kind },
    });
  }
}

async function walletOf(memberId: string, load: GrantParts['loadMember']): Promise<string> {
  const { state } = await load(streamOf.member(memberId));
  if (state.status === 'unregistered' || state.status === 'superseded') {
    throw new Rejection('member_not_found', 'There is no such member.');
  }
  return state.registration.walletId;
}
