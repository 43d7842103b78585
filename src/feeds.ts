import { kafkaFeed } from './adapters/kafka/kafka-feed.ts';
import { relay } from './adapters/kafka/relay.ts';
import { allFeeds } from './adapters/postgres/all-feeds.ts';
import type { Feed } from './adapters/postgres/direct-feed.ts';
import { directFeed } from './adapters/postgres/direct-feed.ts';
import { feedLag } from './adapters/postgres/feed-lag.ts';
import type { RunPoliciesFor } from './adapters/postgres/policy-runner.ts';
import type { ProjectorOptions } from './adapters/postgres/project.ts';
import { projector } from './adapters/postgres/project.ts';
import { rebuilder } from './adapters/postgres/rebuilder.ts';
import { mailPrefixes, runPolicies } from './adapters/postgres/run-policies.ts';
import { tracedProjector } from './adapters/postgres/traced-projector.ts';
import type { Recorded } from './domain/events.ts';
import type { PortParts, Ports } from './ports.ts';
import { projections } from './projections/registry.ts';

export type StartedFeeds = ReturnType<typeof startFeeds>;

interface Acting {
  readonly runPoliciesFor: RunPoliciesFor;
  /** Hands over the mails that an event calls for. */
  readonly writeTo: (event: Recorded) => Promise<void>;
}

/** What keeps the read models, and acts on events, in a process with the role `projector`. */
export function startFeeds(ports: Ports, { runPoliciesFor, writeTo }: Acting, parts: PortParts) {
  const { databaseUrl, eventLog, wholeLog, log } = ports;
  const { started } = parts;
  const feed = openFeed(ports, parts);
  started.add(feed.close);
  const rebuilds = rebuilder({ databaseUrl, eventLog: wholeLog, projections, log });
  started.add(rebuilds.close);
  const policies = runPolicies({ databaseUrl, eventLog, run: runPoliciesFor, log });
  started.add(policies.close);
  const writing = async (event: Recorded) => {
    await writeTo(event);
    return null;
  };
  const mails = runPolicies({
    ...{ databaseUrl, eventLog, log, name: 'mails', prefixes: mailPrefixes },
    run: writing,
  });
  started.add(mails.close);
  const lag = feedLag({ head: eventLog.head, position: feed.position });
  started.add(lag.close);
  const models = () => {
    const state = feed.state();
    return { ...state, caughtUp: state.caughtUp && !rebuilds.pending() };
  };
  const consumers = () => ({
    projections: { lagSeconds: lag.seconds(), failing: feed.state().failing },
    policies: policies.state(),
    mails: mails.state(),
  });
  return { models, policies: policies.state, consumers };
}

/** From Kafka when there is one, a group each for finance and analytics; else from the log itself. */
function openFeed({ databaseUrl, eventLog, log }: Ports, { config }: PortParts): Feed {
  const { kafka, tracing } = config;
  const open = (options: ProjectorOptions) =>
    tracing ? tracedProjector(projector(options)) : projector(options);
  if (!kafka) {
    const direct = open({ databaseUrl, projections, log });
    return directFeed({ eventLog, projector: direct, log });
  }
  const groups = [...new Set(projections.map(({ group }) => group))];
  return allFeeds(
    groups.map((group) => {
      const mine = projections.filter((each) => each.group === group);
      return kafkaFeed({
        ...{ kafka, databaseUrl, eventLog, log },
        group: `${kafka.topicPrefix}llm-member.${group}`,
        projector: open({ databaseUrl, projections: mine, log, name: `${group} projector` }),
      });
    }),
  );
}

export type StartedRelay = ReturnType<typeof startRelay>;

/** Copies the log to Kafka, where there is one. */
export function startRelay({ databaseUrl, eventLog, log }: Ports, { config, started }: PortParts) {
  const { kafka } = config;
  if (!kafka) return undefined;
  const relaying = relay({ kafka, databaseUrl, eventLog, log });
  started.add(relaying.close);
  const lag = feedLag({ head: eventLog.head, position: () => relaying.state().position });
  started.add(lag.close);
  return () => ({ active: relaying.state().active, lagSeconds: lag.seconds() });
}
