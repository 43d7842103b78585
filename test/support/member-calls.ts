import { z } from 'zod';
import { nameId } from '../../src/domain/ids.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import type { TestApi } from './api.ts';
import { ask, newKey, newMember } from './api.ts';
import { grantOf, releaseOf, reserveOf, settleOf } from './wallets.ts';

/** A new member with a key, and a way to have their wallet do what calls and sweepers do. */
export async function memberWithWallet(to: TestApi, name: string) {
  const member = await newMember(to);
  const { key, id: apiKeyId } = await newKey(to, member.token);
  const { wallet_id: walletId } = z
    .object({ wallet_id: z.string() })
    .parse((await ask(to, 'GET', '/api/wallet', { token: member.token })).body);
  const { memberId } = member;
  let commands = 0;
  const run = (command: (at: string) => WalletCommand) => {
    commands += 1;
    const id = `${name}/${commands}`;
    return to.run.wallet.run(streamOf.wallet(walletId), command, {
      commandId: id,
      correlationId: id,
      actor: { type: 'system', id: 'test' },
      at: new Date().toISOString(),
      source: 'test',
    });
  };
  const reserve = (call: string, more: Parameters<typeof reserveOf>[1] = {}) =>
    run((at) => {
      const command = reserveOf(call, { ...more, at });
      const clientRequestId = `client/${call}`;
      return { ...command, call: { ...command.call, memberId, apiKeyId, clientRequestId } };
    });
  const grant = (amount: string, more: Parameters<typeof grantOf>[1] = {}) =>
    run((at) => {
      const lotId = nameId(`${name}/${amount}/${more.asset ?? 'CNY'}`);
      return grantOf(amount, { lotId, ...more, walletId, memberId, at });
    });
  return { ...member, key, apiKeyId, walletId, run, reserve, grant };
}

/** A member with one settled call of 100 input and 50 output tokens and one released one. */
export async function memberWithCalls(to: TestApi, name: string) {
  const member = await memberWithWallet(to, name);
  const [settled, released] = [`${name}/settled`, `${name}/released`];
  await member.grant('1');
  await member.reserve(settled);
  const { events } = await member.run((at) =>
    settleOf(settled, { input: 100, output: 50 }, { at }),
  );
  await member.reserve(released);
  await member.run((at) => releaseOf(released, { at }));
  return {
    ...member,
    settled: nameId(settled),
    released: nameId(released),
    settlementId: events[0]?.id ?? '',
  };
}
