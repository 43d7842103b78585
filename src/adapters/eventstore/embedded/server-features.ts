import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { sendUnaryData } from '@grpc/grpc-js';

/** The EventStoreDB whose behaviour the node follows. */
const version = '23.10.0';

const methods = [...Object.values(StreamsService), ...Object.values(ServerFeaturesService)].map(
  ({ path }) => {
    const [, service = '', method = ''] = String(path).split('/');
    return new features.SupportedMethod()
      .setServiceName(service.toLowerCase())
      .setMethodName(method.toLowerCase());
  },
);

/** Serves `GetSupportedMethods`; without it the client believes that it may not use batch appends. */
export function supportedMethods(
  _call: unknown,
  callback: sendUnaryData<features.SupportedMethods>,
): void {
  const answer = new features.SupportedMethods().setEventStoreServerVersion(version);
  callback(null, answer.setMethodsList(methods));
}
