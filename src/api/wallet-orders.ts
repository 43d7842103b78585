import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Once } from '../adapters/eventstore/once.ts';
import type { Unfinished } from '../adapters/eventstore/once-turns.ts';
import type { Instant } from '../domain/ids.ts';
import { Uuid } from '../domain/ids.ts';
import { Rejection } from '../domain/rejection.ts';
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

type ToDecide = (at: Instant) => WalletCommand;

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
  /** Throws what keeps it from being claimed; not asked for what was claimed before. */
  readonly mayClaim?: () => Promise<void>;
  /** It happens once for this, whoever asks; and how one is answered who asks for something else. */
  readonly onceFor?: { readonly id: string; readonly otherwise: () => Error };
  readonly command: (commandId: string) => ToDecide | Promise<ToDecide>;
  readonly status?: number;
  readonly reply: z.ZodType<Reply>;
  /** `changed` is false where everything was so already. */
  readonly body: (commandId: string, changed: boolean) => Reply & z.core.util.JSONType;
}

/** Runs an order once for its key; what was refused once is refused again alike, in the language that is asked for. */
export const walletOrders =
  ({ wallet, once, clock }: WalletOrderParts) =>
  async <Reply>(by: OrderedBy, order: WalletOrder<Reply>): Promise<Answer<Reply>> => {
    const { name, walletId, reason, said, mayClaim, onceFor } = order;
    const target = streamOf.wallet(walletId);
    if (!order.opens) await openedWallet(wallet, walletId);
    const context = { ...commandContext(by, clock, name), reason };
    let position: bigint | null = null;
    const preventing = (command: Unfinished) =>
      wallet.run(target, neverDecided, { ...context, ...command }).then(() => false, isRefused);
    const { status, body } = await once(
      {
        scope: `${name}s/${by.caller.memberId}`,
        key: by.idempotencyKey,
        bodyHash: bodyHashOf(walletId, said),
        place: () => wallet.load(target),
        context,
        ...(mayClaim ? { mayClaim } : {}),
        ...(onceFor
          ? { onceFor: { ...onceFor, what: `${name}s/${onceFor.id}`, prevent: preventing } }
          : {}),
      },
      async (claimed) => {
        const { commandId } = claimed;
        const run = { ...context, ...claimed };
        const outcome = await wallet.run(target, await order.command(commandId), run);
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

const neverDecided: ToDecide = () => {
  throw new Rejection('idempotency_conflict', 'Another command was given its turn.');
};

function isRefused(error: unknown): true {
  if (error instanceof Rejection) return true;
  throw error;
}

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
