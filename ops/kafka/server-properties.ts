export interface Listeners {
  readonly port: number;
  readonly controllerPort: number;
}

/** One node that is broker and controller. Paths are relative to the folder the broker runs in. */
export const serverProperties = ({ port, controllerPort }: Listeners): string => `\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=log

auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# Of the defaults' fifty partitions each, a killed broker would have to recover every one.
offsets.topic.num.partitions=5
transaction.state.log.num.partitions=5
share.coordinator.state.topic.num.partitions=5

# A group of one has nobody to wait for.
group.initial.rebalance.delay.ms=0

# A killed broker is let in again only when its last session has run out: 9 s unless said.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# The default takes half of the heap at once.
log.cleaner.dedupe.buffer.size=16777216
`;
