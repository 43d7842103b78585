import test from 'ava';
import { eventMessage, readRecord } from '../../../src/adapters/kafka/record.ts';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { stored } from '../../support/recorded.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const chain = { epoch: 1n, prev: null };
const event = stored({
  type: 'ApiKeyRevoked',
  data: { hash: 'h', keyId: 'k', memberId: 'm' },
});
const traced: StoredEvent = { ...event, metadata: { ...Object(event.metadata), traceparent } };

test('a record says in a header which trace its event belongs to', (t) => {
  t.like(eventMessage(traced, chain).headers, { traceparent });
});

test('a record of an event without a trace has no such header', (t) => {
  t.false('traceparent' in (eventMessage(event, chain).headers ?? {}));
});

test('whoever reads the record finds the trace in the event’s metadata', (t) => {
  const { headers, value } = eventMessage(traced, chain);
  const read = readRecord({
    key: null,
    timestamp: '0',
    attributes: 0,
    offset: '0',
    headers: { ...headers },
    value: Buffer.from(String(value)),
  });
  t.like(read.event?.metadata, { traceparent });
});
