// biome-ignore lint/style/noProcessEnv: the only reader of the environment among the tests
const given = process.env;
const { DATABASE_URL, EVENTSTORE_URL, TEST_DATABASE_URL } = given;
const { ORACLE_RUNS, ORACLE_SEED, ORACLE_PATH, CHAOS_SECONDS, TEST_LOG } = given;

/** The engines that the tests are given from outside. */
export const env = {
  /** A server on which test files make their databases: `DATABASE_URL`, or the one that ava.config.js started. */
  adminUrl: filled(DATABASE_URL) ?? TEST_DATABASE_URL,
  eventstoreUrl: filled(EVENTSTORE_URL),
  /** How long programs are killed under load, in all of `npm run test:chaos` but its shorter rounds. */
  chaosSeconds: Number(filled(CHAOS_SECONDS) ?? '60'),
  /** What the parts under test write to the terminal. */
  logLevel: filled(TEST_LOG) ?? 'silent',
};

/** What fast-check runs against the wallet's oracle: something new, or a failure again. */
export const oracleRuns = {
  includeErrorInReport: true,
  numRuns: Number(filled(ORACLE_RUNS) ?? 2_000),
  ...(filled(ORACLE_SEED) ? { seed: Number(ORACLE_SEED) } : {}),
  ...(ORACLE_PATH ? { path: ORACLE_PATH } : {}),
};

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
