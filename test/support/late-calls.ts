import { nameId } from '../../src/domain/ids.ts';
import type { CallOutcome } from '../../src/domain/wallet/call-events.ts';
import type { PostLateSettlement } from '../../src/domain/wallet/commands.ts';
import { ending, noon } from './wallets.ts';

export const usage = (output: number) => ({ input: 100, cachedInput: 0, output, reasoning: 0 });
/** What a sweeper finds of a call. */
export const evidence = (basis: 'usage' | 'checkpoint', output: number) =>
  ({ basis, usage: usage(output), characters: null }) as const;
/** What the call `a` says that outlived its hold. */
export const lateOf = (
  output: number,
  more: Partial<PostLateSettlement> = {},
): PostLateSettlement => ({
  type: 'PostLateSettlement',
  callId: nameId('a'),
  usage: usage(output),
  characters: null,
  ending,
  costs: [],
  overrun: 'absorbed',
  at: noon,
  ...more,
});
export const endedAs = (outcome: CallOutcome) => ({ ending: { ...ending, outcome } });
