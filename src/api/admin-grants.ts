import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Once } from '../adapters/eventstore/once.ts';
import { Asset, CreditKind, isUnit } from '../domain/accounts.ts';
import { nameId, Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { money, WrittenAmount } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import type { wallet } from '../domain/wallet/decider.ts';
import { commandContext } from './command-context.ts';
import { bodyHashOf } from './idempotency-key.ts';
import type { Answer } from './route.ts';
import { route } from './route.ts';

const Grant = z.strictObject({
  asset: Asset,
  amount: WrittenAmount,
  reason: z.string().trim().min(1).max(500),
  kind: CreditKind.default('promo'),
  expires_at: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .nullable()
    .default(null),
  priority: z.int().min(-1_000).max(1_000).default(0),
});

const Granted = z.object({ lot_id: Uuid, wallet_id: Uuid });
type Granted = z.infer<typeof Granted>;

export interface GrantParts {
  readonly loadMember: RunnerOf<typeof member>['load'];
  readonly run: RunnerOf<typeof wallet>['run'];
  readonly once: Once;
  readonly clock: () => Date;
}

/** Gives a member credit that nobody paid for. */
export const grantCredit = ({ loadMember, run, once, clock }: GrantParts) =>
  route({
    method: 'POST',
    path: '/api/admin/members/:id/grants',
    who: 'admin',
    summary: 'Grant a member credit',
    params: z.object({ id: Uuid }),
    body: Grant,
    idempotent: true,
    status: 201,
    reply: Granted,
    handle: async ({ caller, params: { id: memberId }, body, request, idempotencyKey }) => {
      refuseKind(body);
      const walletId = await walletOf(memberId, loadMember);
      const target = streamOf.wallet(walletId);
      const by = commandContext({ caller, request }, clock, 'grant');
      const context = { ...by, reason: body.reason };
      let position: bigint | null = null;
      const reply = await once(
        {
          scope: `grants/${caller.memberId}`,
          key: idempotencyKey,
          bodyHash: bodyHashOf(memberId, body),
          target,
          context,
        },
        async (claimedAfter, commandId) => {
          const lotId = nameId(`lot/${commandId}`);
          const outcome = await run(
            target,
            (at) => ({ ...grantOf(body), walletId, memberId, lotId, at }),
            { ...context, commandId, claimedAfter },
          );
          position = outcome.position;
          return { status: 201, body: { lot_id: lotId, wallet_id: walletId } };
        },
      );
      return answerOf(reply, position);
    },
  });

const grantOf = ({
  asset,
  amount,
  kind,
  priority,
  expires_at,
  reason,
}: z.output<typeof Grant>) => ({
  type: 'GrantCredit' as const,
  currency: homeCurrency,
  asset,
  amount: money(amount),
  kind,
  priority,
  effectiveAt: null,
  expiresAt: expires_at,
  past: 'bill' as const,
  scope: null,
  reason,
});

/** What was refused once is refused again in the same words. */
function answerOf(
  { status, body }: { readonly status: number; readonly body: unknown },
  position: bigint | null,
): Answer<Granted> {
  if (status < 400) return { status, body: Granted.parse(body), position };
  return { status, text: JSON.stringify(body), type: 'application/problem+json; charset=utf-8' };
}

function refuseKind({ kind, asset }: z.output<typeof Grant>): void {
  if (kind === 'paid' || (kind === 'plan' && !isUnit(asset))) {
    throw new Rejection('kind_not_grantable', `Credit of kind ${kind} is not granted by hand.`);
  }
}

async function walletOf(memberId: string, load: GrantParts['loadMember']): Promise<string> {
  const { state } = await load(streamOf.member(memberId));
  if (state.status === 'unregistered' || state.status === 'superseded') {
    throw new Rejection('member_not_found', 'There is no such member.');
  }
  return state.registration.walletId;
}
