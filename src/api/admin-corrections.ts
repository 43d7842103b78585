import { z } from 'zod';
import { money, WrittenAmount } from '../domain/money.ts';
import { Rejection } from '../domain/rejection.ts';
import type { Charged } from '../domain/wallet/charged.ts';
import type { CorrectUsage } from '../domain/wallet/commands.ts';
import { correct } from '../domain/wallet/correct.ts';
import type { Access } from './auth.ts';
import { ApiError } from './errors.ts';
import type { Locale } from './locale.ts';
import { textOf } from './messages.ts';
import { route } from './route.ts';
import type { SettlementParts } from './settlement.ts';
import { findSettlement } from './settlement.ts';
import type { OrderWallet, WalletOrderParts } from './wallet-orders.ts';
import { Changed, openedWallet, Reason, walletParams } from './wallet-orders.ts';
import { WrittenUuid } from './written-uuid.ts';

const Correction = z.strictObject({
  /** The settlement, as the statement names it. */
  event_id: WrittenUuid,
  amount: WrittenAmount,
  reason: Reason,
  /** The administrator who answers for it. */
  approver: WrittenUuid,
});
type Correction = z.output<typeof Correction>;

export interface CorrectionParts
  extends SettlementParts,
    Pick<WalletOrderParts, 'wallet' | 'clock'> {
  readonly order: OrderWallet;
  readonly access: Pick<Access, 'member'>;
}

/** Gives a part of one charge back; a settlement is corrected once, whoever asks. */
export const correctUsage = (parts: CorrectionParts) =>
  route({
    method: 'POST',
    path: '/api/admin/wallets/:id/corrections',
    who: 'admin',
    summary: 'Correct one settlement in the member’s favour',
    params: walletParams,
    body: Correction,
    idempotent: true,
    status: 201,
    reply: Changed,
    handle: ({ params: { id: walletId }, body, ...by }) => {
      const { locale } = by.request;
      const command = async () => {
        const settlement = await findSettlement(parts, walletId, body.event_id);
        if (settlement) return (at: string) => correctionOf(body, settlement, at);
        throw new Rejection('settlement_not_found', 'There is no such settlement.');
      };
      return parts.order(by, {
        name: 'correction',
        walletId,
        reason: body.reason,
        said: body,
        async mayClaim() {
          await refuseStranger(body.approver, parts.access, locale);
          const decided = await command();
          const state = await openedWallet(parts.wallet, walletId);
          correct(decided(parts.clock().toISOString()), state);
        },
        onceFor: { id: body.event_id, otherwise: correctedAlready },
        command,
        status: 201,
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      });
    },
  });

const correctionOf = (
  { event_id: eventId, amount, reason, approver }: Correction,
  settlement: Charged,
  at: string,
): CorrectUsage => ({
  type: 'CorrectUsage',
  ...settlement,
  ...{ eventId, amount: money(amount), reason, approver, at },
});

async function refuseStranger(
  approver: string,
  access: Pick<Access, 'member'>,
  locale: Locale,
): Promise<void> {
  const member = await access.member(approver);
  if (member?.status === 'active' && member.roles.includes('admin')) return;
  const message = textOf('approverNotAdmin', locale);
  throw new ApiError('invalid_request', {
    param: 'approver',
    fields: [{ field: 'approver', message }],
  });
}

const correctedAlready = (): ApiError =>
  new ApiError('idempotency_conflict', { why: 'corrected_already' });
