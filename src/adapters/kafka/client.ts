import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

/** How the brokers are reached. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sasl: SaslSettings | undefined;
  readonly topicPrefix: string;
}

export interface SaslSettings {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/**
 * Given explicitly, because the library's own change with `idempotent` and with `NODE_ENV`. About ten
 * seconds in all: then whoever asked tries again with a new client, and nothing of the old one goes on.
 */
export const retry = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 7 } as const;

/** A new client; one that broke is never connected again. */
export function kafkaClient({ brokers, ssl, sasl }: KafkaSettings, log: Logger): Kafka {
  return new Kafka({
    clientId: 'llm-member',
    brokers: [...brokers],
    ssl,
    ...(sasl ? { sasl: saslOf(sasl) } : {}),
    retry,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    logLevel: logLevel.WARN,
    // What it warns of is retried, and what isn't comes as an error to whoever asked.
    logCreator: () => (entry) => {
      const { message, timestamp: _, ...details } = entry.log;
      log.debug({ kafka: { namespace: entry.namespace, ...details } }, message);
    },
  });
}

function saslOf({ mechanism, username, password }: SaslSettings) {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}
