// biome-ignore lint/style/noProcessEnv: the only reader of the environment among the tests
const { DATABASE_URL, EVENTSTORE_URL, TEST_DATABASE_URL } = process.env;

/** The engines that the tests are given from outside. */
export const env = {
  /** A server on which test files make their databases: `DATABASE_URL`, or the one that ava.config.js started. */
  adminUrl: filled(DATABASE_URL) ?? TEST_DATABASE_URL,
  eventstoreUrl: filled(EVENTSTORE_URL),
};

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
