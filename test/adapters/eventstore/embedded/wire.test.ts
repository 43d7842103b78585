import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { UsersClient } from '@eventstore/db-client/generated/users_grpc_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import type { ServiceError } from '@grpc/grpc-js';
import { credentials, status } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { testDatabase } from '../../../support/postgres.ts';
import { nodeOn } from './embedded-node.ts';

const { Options } = streams.ReadReq;

/** What the public client never sends goes straight through the protocol. */
async function rawClient(t: ExecutionContext): Promise<StreamsClient> {
  const node = await nodeOn(t, await testDatabase(t));
  const client = new StreamsClient(`127.0.0.1:${node.port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

const named = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
const text = (id: string) => new shared.UUID().setString(id);

// f47ac10b-58cc-4372-a567-0e02b2c3d479 as the two signed halves of the protocol.
const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const structured = () =>
  new shared.UUID().setStructured(
    new shared.UUID.Structured()
      .setMostSignificantBits('-830138926817852558')
      .setLeastSignificantBits('-6528233730098342791'),
  );

function part(
  stream: string,
  given: {
    eventId?: shared.UUID;
    type?: string;
    correlation?: shared.UUID;
    deadlineMs?: number;
  } = {},
): streams.BatchAppendReq {
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(given.eventId ?? text(randomUUID())).setData(Buffer.from('{}'));
  message.getMetadataMap().set('content-type', 'application/json');
  if (given.type !== '') message.getMetadataMap().set('type', given.type ?? 'Tested');
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(named(stream));
  if (given.deadlineMs !== undefined) {
    options.setDeadline(timestamp.Timestamp.fromDate(new Date(given.deadlineMs)));
  }
  return new streams.BatchAppendReq()
    .setCorrelationId(given.correlation ?? text(randomUUID()))
    .setOptions(options)
    .setProposedMessagesList([message])
    .setIsFinal(true);
}

/** Sends parts on one batch stream and returns as many answers. */
async function answers(
  client: StreamsClient,
  parts: readonly streams.BatchAppendReq[],
  count = parts.length,
) {
  const call = client.batchAppend();
  const got: streams.BatchAppendResp[] = [];
  call.on('error', () => undefined);
  for (const each of parts) call.write(each);
  for await (const answer of call) {
    got.push(answer);
    if (got.length === count) break;
  }
  call.cancel();
  return got;
}

function read(stream: string, structuredIds: boolean): streams.ReadReq {
  const form = new Options.UUIDOption();
  if (structuredIds) form.setStructured(new shared.Empty());
  else form.setString(new shared.Empty());
  const source = new Options.StreamOptions().setStreamIdentifier(named(stream));
  return new streams.ReadReq().setOptions(
    new Options()
      .setStream(source.setStart(new shared.Empty()))
      .setCount('10')
      .setUuidOption(form)
      .setNoFilter(new shared.Empty()),
  );
}

async function firstId(client: StreamsClient, request: streams.ReadReq) {
  for await (const response of client.read(request)) {
    if (response instanceof streams.ReadResp) return response.getEvent()?.getEvent()?.getId();
  }
  return undefined;
}

test('ids are taken and given in both forms', async (t) => {
  const client = await rawClient(t);
  const [answer] = await answers(client, [
    part('ids', { eventId: structured(), correlation: structured() }),
  ]);
  t.true(answer?.hasSuccess());
  t.deepEqual(answer?.getCorrelationId()?.toObject(), structured().toObject());
  t.is((await firstId(client, read('ids', false)))?.getString(), id);
  t.deepEqual((await firstId(client, read('ids', true)))?.toObject(), structured().toObject());
});

test('an append whose deadline has passed is not written', async (t) => {
  const client = await rawClient(t);
  const [late, early] = await answers(client, [
    part('late', { deadlineMs: Date.now() - 1000 }),
    part('early', { deadlineMs: Date.now() + 60_000 }),
  ]);
  t.is(late?.getError()?.getDetails()?.getTypeName(), 'event_store.client.Timeout');
  t.true(early?.hasSuccess());
  t.is(await firstId(client, read('late', false)), undefined);
});

test('what follows a refused part is dropped, and the stream goes on', async (t) => {
  const client = await rawClient(t);
  const correlation = text(randomUUID());
  const rest = part('refused', { correlation });
  rest.clearOptions();
  const got = await answers(
    client,
    [
      part('refused', { correlation, deadlineMs: Date.now() - 1000 }).setIsFinal(false),
      rest,
      part('next'),
    ],
    2,
  );
  t.deepEqual(
    got.map((answer) => answer.hasSuccess()),
    [false, true],
  );
});

test('what no event can be made of is refused, each by itself', async (t) => {
  const client = await rawClient(t);
  const got = await answers(client, [
    part('bad', { type: '' }),
    part('bad', { type: 'with\0nul' }),
    part('bad', { eventId: text('no uuid') }),
    part('$all'),
    part(''),
    part('good'),
  ]);
  t.deepEqual(
    got.map((answer) => answer.hasSuccess()),
    [false, false, false, false, false, true],
  );
  t.is(got[0]?.getError()?.getDetails()?.getTypeName(), 'event_store.client.BadRequest');
});

test('a pattern that is none, and a read of nothing, are the client’s mistakes', async (t) => {
  const client = await rawClient(t);
  const filter = new Options.FilterOptions().setEventType(
    new Options.FilterOptions.Expression().setRegex('(['),
  );
  const all = new Options().setAll(new Options.AllOptions().setStart(new shared.Empty()));
  for (const options of [all.setCount('1').setFilter(filter), new Options().setCount('1')]) {
    const call = client.read(new streams.ReadReq().setOptions(options)).resume();
    const [error] = (await once(call, 'error')) as [ServiceError];
    t.is(error.code, status.INVALID_ARGUMENT);
  }
});

test('other services are unimplemented', async (t) => {
  const node = await nodeOn(t, await testDatabase(t));
  const client = new UsersClient(`127.0.0.1:${node.port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.disable(new users.DisableReq(), (failure) => resolve(failure));
  });
  t.is(error?.code, status.UNIMPLEMENTED);
});
