import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Once } from '../adapters/eventstore/once.ts';
import type { Instant } from '../domain/ids.ts';
import { Uuid } from '../domain/ids.ts';
import { streamOf } from '../domain/streams.ts';
import type { WalletCommand } from '../domain/wallet/commands.ts';
import type { wallet } from '../domain/wallet/decider.ts';
import { openedOr404 } from '../domain/wallet/settings.ts';
import type { Wallet } from '../domain/wallet/wallet.ts';
import type { SessionCaller } from './caller.ts';
import { commandContext } from './command-context.ts';
import { refusalFrom } from './errors.ts';
import { bodyHashOf } from './idempotency-key.ts';
import type { Answer, RequestFacts } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

export interface WalletOrderParts {
  readonly wallet: RunnerOf<typeof wallet>;
  readonly once: Once;
  readonly clock: () => Date;
}

/** Who orders something, and under which key. */
export interface OrderedBy {
  readonly caller: SessionCaller;
  readonly request: RequestFacts;
  readonly idempotencyKey: string;
}

/** A change of a wallet that an operator asks for. */
export interface WalletOrder<Reply> {
  /** What it is called in command ids, e.g. `grant`. */
  readonly name: string;
  readonly walletId: string;
  readonly reason: string;
  /** What a repetition under the same key must say again. */
  readonly said: unknown;
  /** The wallet need not be there before. */
  readonly opens?: true;
  /** Claimed by this instead of the caller's key: it happens once, whoever asks. */
  readonly onceFor?: string;
  readonly command: (commandId: string) => (at: Instant) => WalletCommand;
  readonly status?: number;
  readonly reply: z.ZodType<Reply>;
  /** `changed` is false where everything was so already. */
  readonly body: (commandId: string, changed: boolean) => Reply & z.core.util.JSONType;
}

/** Runs an order once for its key; what was refused once is refused again alike, in the language that is asked for. */
export const walletOrders =
  ({ wallet, once, clock }: WalletOrderParts) =>
  async <Reply>(by: OrderedBy, order: WalletOrder<Reply>): Promise<Answer<Reply>> => {
    const { name, walletId, reason, said, onceFor } = order;
    const target = streamOf.wallet(walletId);
    if (!order.opens) await openedWallet(wallet, walletId);
    const context = { ...commandContext(by, clock, name), reason };
    let position: bigint | null = null;
    const { status, body } = await once(
      {
        scope: onceFor === undefined ? `${name}s/${by.caller.memberId}` : `${name}s`,
        key: onceFor ?? by.idempotencyKey,
        bodyHash: bodyHashOf(walletId, said),
        place: () => wallet.load(target),
        context,
      },
      async (claimed) => {
        const { commandId } = claimed;
        const run = { ...context, ...claimed };
        const outcome = await wallet.run(target, order.command(commandId), run);
        position = outcome.position;
        return {
          status: order.status ?? 200,
          body: order.body(commandId, outcome.events.length > 0),
        };
      },
    );
    if (status < 400) return { status, body: order.reply.parse(body), position };
    const refusal = refusalFrom(body);
    if (refusal) throw refusal;
    return { status, text: JSON.stringify(body), type: 'application/problem+json; charset=utf-8' };
  };

/** A wallet that exists, folded. */
export async function openedWallet(
  { load }: Pick<WalletOrderParts['wallet'], 'load'>,
  walletId: string,
): Promise<Wallet> {
  const { state } = await load(streamOf.wallet(walletId));
  openedOr404(state);
  return state;
}

export type OrderWallet = ReturnType<typeof walletOrders>;

/** What most orders ask and answer. */
export const walletParams = z.object({ id: WrittenUuid });
export const Reason = z.string().trim().min(1).max(500);
export const Changed = z.object({ wallet_id: Uuid, changed: z.boolean() });
