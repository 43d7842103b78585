import type { ExecutionContext } from 'ava';
import { eventIdOf } from '../../src/domain/ids.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { MemoryLog } from './memory-log.ts';

/** What each caller was told is what stands under its command's id, `c<id>`. */
export function isAsTold(
  t: ExecutionContext,
  { events }: Pick<MemoryLog, 'events'>,
  moves: readonly { readonly id: number; readonly again: boolean }[],
  outcomes: readonly PromiseSettledResult<{ readonly events: readonly unknown[] } | undefined>[],
): void {
  for (const [index, outcome] of outcomes.entries()) {
    const move = moves[index];
    const stands = events.find(({ id }) => id === eventIdOf(`c${move?.id}`, 0))?.type;
    if (outcome.status === 'rejected') {
      t.true(outcome.reason instanceof Rejection);
      if (move?.again) t.is(stands, 'CommandRefused');
    } else if (outcome.value?.events.length) t.is(stands, 'CreditExpired');
  }
}
