import { z } from 'zod';
import type { WalletHistory } from '../adapters/eventstore/wallet-history.ts';
import type { Asset } from '../domain/accounts.ts';
import { Uuid } from '../domain/ids.ts';
import { money, WrittenAmount } from '../domain/money.ts';
import { Rejection } from '../domain/rejection.ts';
import type { ChargedPart } from '../domain/wallet/commands.ts';
import type { WalletEvent } from '../domain/wallet/events.ts';
import type { Access } from './auth.ts';
import { ApiError } from './errors.ts';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Changed, Reason, walletParams } from './wallet-orders.ts';

const Correction = z.strictObject({
  /** The settlement, as the statement names it. */
  event_id: Uuid,
  amount: WrittenAmount,
  reason: Reason,
  /** The administrator who answers for it. */
  approver: Uuid,
});

export interface CorrectionParts {
  readonly order: OrderWallet;
  readonly history: WalletHistory;
  readonly access: Pick<Access, 'member'>;
}

/** Gives a part of one charge back; a settlement is corrected once, whoever asks. */
export const correctUsage = ({ order, history, access }: CorrectionParts) =>
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
    handle: async ({ params: { id: walletId }, body, ...by }) => {
      const { event_id: eventId, reason, approver } = body;
      const answers = await access.member(approver);
      if (!answers?.roles.includes('admin')) throw new ApiError('forbidden');
      const settlement = await settlementIn(history, walletId, eventId);
      return order(by, {
        name: 'correction',
        walletId,
        reason,
        said: body,
        onceFor: eventId,
        command: () => (at) => ({
          type: 'CorrectUsage',
          eventId,
          ...settlement,
          amount: money(body.amount),
          reason,
          approver,
          at,
        }),
        status: 201,
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      });
    },
  });

interface Settlement {
  readonly callId: string;
  readonly asset: Asset;
  readonly charged: readonly ChargedPart[];
}

type Terms = Omit<ChargedPart, 'amount'>;
/** What the overdraft gave comes back as paid credit, which pays the debt. */
const ofOverdraft: Terms = { kind: 'paid', priority: 0, expiresAt: null, scope: null };

/** What a settlement charged, with the terms of its lots, from the log alone. */
async function settlementIn(
  history: WalletHistory,
  walletId: string,
  eventId: string,
): Promise<Settlement> {
  const terms = new Map<string, Terms>();
  for await (const event of history(walletId)) {
    if (event.id === eventId) {
      const settlement = settlementOf(event, terms);
      if (settlement) return settlement;
      break;
    }
    for (const { lotId, ...lot } of lotsMadeBy(event)) terms.set(lotId, lot);
  }
  throw new Rejection('settlement_not_found', 'There is no such settlement in this wallet.');
}

function lotsMadeBy(event: WalletEvent): readonly (Terms & { readonly lotId: string })[] {
  switch (event.type) {
    case 'CreditGranted':
      return [event.data];
    case 'UsageCorrected':
    case 'LateSettlementPosted':
      return event.data.lots;
    default:
      return [];
  }
}

function settlementOf(
  event: WalletEvent,
  terms: ReadonlyMap<string, Terms>,
): Settlement | undefined {
  if (event.type !== 'UsageSettled' && event.type !== 'LateSettlementPosted') return undefined;
  const { call, asset, consumed } = event.data;
  const charged = consumed.map(({ lotId, amount }): ChargedPart => {
    const { kind, priority, expiresAt, scope } = terms.get(lotId ?? '') ?? ofOverdraft;
    return { kind, priority, expiresAt, scope, amount: money(amount) };
  });
  return { callId: call.callId, asset, charged };
}
