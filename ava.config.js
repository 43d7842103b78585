import { enableCompileCache } from 'node:module';
import { startSharedPostgres } from './test/support/shared-postgres.ts';

const given = process.env.DATABASE_URL;
// Each file is a thread that loads half of the program: compiled once it loads in half of the time.
const { directory = '' } = enableCompileCache();

export default {
  files: ['test/**/*.test.ts', '!test/chaos/**', '!test/kafka/**', '!test/clients/**'],
  extensions: ['ts'],
  // A whole program with its engines starts and stops in some of the files.
  timeout: '2m',
  environmentVariables: {
    NODE_COMPILE_CACHE: directory,
    ...(given ? {} : { TEST_DATABASE_URL: await startSharedPostgres() }),
  },
};
