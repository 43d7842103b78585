import { startSharedPostgres } from './test/support/shared-postgres.ts';

const given = process.env.DATABASE_URL;

/** A real Kafka, which needs Java and Maven: apart from `npm test`, and one broker after the other. */
export default {
  files: ['test/kafka/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  serial: true,
  timeout: '10m',
  // kafkajs asks for timeouts in the past.
  nodeArguments: ['--disable-warning=TimeoutNegativeWarning'],
  environmentVariables: given ? {} : { TEST_DATABASE_URL: await startSharedPostgres() },
};
