import { mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { linkLibraries } from '../../../src/adapters/postgres/embedded-binaries.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('library links that a blocked install script left out are made, others are left', async (t) => {
  const folder = await temporaryFolder(t);
  const lib = join(folder, 'native', 'lib');
  await mkdir(lib, { recursive: true });
  await writeFile(
    join(folder, 'native', 'pg-symlinks.json'),
    JSON.stringify([
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    ]),
  );
  await symlink('here-already', join(lib, 'libpq.so'));
  await linkLibraries(folder);
  t.is(await readlink(join(lib, 'libpq.so')), 'here-already');
  t.is(await readlink(join(lib, 'libpq.so.5')), 'libpq.so.5.18');
});

test('a package without links needs none', async (t) => {
  await t.notThrowsAsync(linkLibraries(await temporaryFolder(t)));
});
