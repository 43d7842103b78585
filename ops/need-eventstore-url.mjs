// The log's contract on a real EventStoreDB, or on nothing: it must not pass on the embedded node unseen.
// biome-ignore lint/style/noProcessEnv: before any test is there to read it
if (!process.env.EVENTSTORE_URL) {
  process.stderr.write('Set EVENTSTORE_URL to the EventStoreDB that is to be tested (esdb://…).\n');
  process.exit(1);
}
