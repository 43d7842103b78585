import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { budget } from '../../domain/budget/decider.ts';
import { shareReached } from '../../domain/budget/decider.ts';
import type { BudgetUse } from '../../domain/budget/spending.ts';
import { streamOf } from '../../domain/streams.ts';
import type { BudgetIndex } from '../eventstore/budgets.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import { scheduled } from './scheduled.ts';

export interface BudgetThresholdParts {
  readonly budgets: Pick<BudgetIndex, 'all'>;
  readonly budget: Pick<RunnerOf<typeof budget>, 'run'>;
  readonly clock: () => Date;
  readonly log: Logger;
}

export interface BudgetThresholds {
  /** Says what is reached and was not said before; returns how many shares that were. */
  tell(): Promise<number>;
  /** Every second until it is closed. */
  start(): void;
  close(): Promise<void>;
}

/**
 * Writes down when so much of a budget is spent. Every process with a scheduler looks; a budget's own
 * stream decides, so that each share is said once.
 */
export function budgetThresholds({
  budgets,
  budget,
  clock,
  log,
}: BudgetThresholdParts): BudgetThresholds {
  /** What was said or found said, so that nothing is asked twice: budget, limit and window → share. */
  const told = new Map<string, number>();
  let telling: Promise<number> | undefined;
  let stop = () => {};

  async function tellOf(budgetId: string, { window, of, spent, most }: BudgetUse): Promise<number> {
    const share = shareReached(spent, most);
    const key = `${budgetId} ${most.toFixed()} ${window}`;
    const place = `${key} ${of}`;
    if (share === 0 || (told.get(place) ?? 0) >= share) return 0;
    const { events } = await budget.run(
      streamOf.budget(budgetId),
      () => ({ type: 'NoteSpending', window, of, spent }),
      {
        commandId: `${budgetId}/threshold/${randomUUID()}`,
        correlationId: `${budgetId}/${of}/${share}`,
        actor: { type: 'system', id: 'budgets' },
        at: clock().toISOString(),
        source: 'scheduler',
      },
    );
    for (const old of told.keys()) if (old.startsWith(`${key} `)) told.delete(old);
    told.set(place, share);
    return events.length;
  }

  async function tellAll(): Promise<number> {
    let shares = 0;
    for (const { budget: set, uses } of budgets.all()) {
      for (const use of uses) shares += await tellOf(set.budgetId, use);
    }
    return shares;
  }

  const tell = () => {
    telling ??= tellAll().finally(() => (telling = undefined));
    return telling;
  };
  return {
    tell,
    start() {
      stop = scheduled({ name: 'budget thresholds', when: '* * * * * *', work: tell, log });
    },
    async close() {
      stop();
      await telling?.catch(() => {});
    },
  };
}
