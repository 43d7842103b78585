import { startSharedPostgres } from './test/support/shared-postgres.ts';

const given = process.env.DATABASE_URL;

export default {
  files: ['test/**/*.test.ts', '!test/chaos/**', '!test/kafka/**', '!test/clients/**'],
  extensions: ['ts'],
  // A whole program with its engines starts and stops in some of the files.
  timeout: '2m',
  environmentVariables: given ? {} : { TEST_DATABASE_URL: await startSharedPostgres() },
};
