import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { FeedStart } from './log.ts';

const { Options } = streams.ReadReq;
const { FilterOptions } = Options;

/** The types of all but the log's own events. */
const notOfTheLog = '^[^$].*';

/** Asks for the log after a position, and then for whatever comes; only streams of these prefixes, if any are named. */
export function subscribeRequest({
  after,
  prefixes,
}: Pick<FeedStart, 'after' | 'prefixes'>): streams.ReadReq {
  const all = new Options.AllOptions();
  if (after === null) all.setStart(new shared.Empty());
  else {
    const at = after.toString();
    all.setPosition(new Options.Position().setCommitPosition(at).setPreparePosition(at));
  }
  return new streams.ReadReq().setOptions(
    new Options()
      .setAll(all)
      .setResolveLinks(false)
      .setSubscription(new Options.SubscriptionOptions())
      .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()))
      .setFilter(filterOf(prefixes)),
  );
}

function filterOf(prefixes: readonly string[] | undefined) {
  const filter = new FilterOptions()
    .setCount(new shared.Empty())
    .setCheckpointintervalmultiplier(1);
  return prefixes
    ? filter.setStreamIdentifier(new FilterOptions.Expression().setPrefixList([...prefixes]))
    : filter.setEventType(new FilterOptions.Expression().setRegex(notOfTheLog));
}
