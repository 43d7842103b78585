import test from 'ava';
import { pino } from 'pino';
import { applyChunks } from '../../../src/adapters/kafka/apply-chunks.ts';
import { eventMessage } from '../../../src/adapters/kafka/record.ts';
import type { Projector } from '../../../src/adapters/postgres/project.ts';
import { stored } from '../../support/recorded.ts';

const ofNobody = (): never => {
  throw new Error('Nobody asks for this.');
};
/** Nothing of the partition was ever applied, and nothing is. */
const empty: Projector = {
  ...{ open: ofNobody, position: ofNobody, changed: ofNobody, runs: ofNobody },
  ...{ stopped: ofNobody, close: ofNobody },
  apply: async () => {},
  positionIn: () => null,
};

test('a gap in a partition that is another member’s by now is not filled over and over', async (t) => {
  const event = stored({ type: 'RebuildRequested', data: { projection: 'x' } }, { position: 9n });
  const { headers, value } = eventMessage(event, { epoch: 1n, prev: 7n });
  let repairs = 0;
  const apply = applyChunks({
    ...{ projector: empty, group: 'g', topic: 't', progressed: () => {} },
    offsets: new Map([[3, { next: 0n, epoch: 0n }]]),
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
    inTurn: (work) => work(),
    // Of a partition that isn't this member's the log gives nothing.
    repair: () => {
      repairs += 1;
      return repairs > 1 ? Promise.reject(new Error('once more')) : Promise.resolve();
    },
  });
  const message = {
    ...{ key: null, timestamp: '0', attributes: 0, offset: '0' },
    headers: { ...headers },
    value: Buffer.from(String(value)),
  };
  await t.throwsAsync(apply({ partition: 3, messages: [message], next: 1n }), {
    message: /not this member's/,
  });
});
