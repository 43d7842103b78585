import { claimDataDir, DataDirInUse } from '../../src/adapters/files/data-dir.ts';

const [dir = ''] = process.argv.slice(2);

try {
  await claimDataDir(dir);
  process.stdout.write('claimed\n');
} catch (error) {
  if (!(error instanceof DataDirInUse)) {
    throw error;
  }
  process.stdout.write(`refused by ${error.owner.pid}\n`);
}
// Stays, so that its claim is not stale, until it is killed.
setInterval(() => {}, 60_000);
