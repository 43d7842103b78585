const [major] = process.versions.node.split('.');

if (Number(major) < 24) {
  process.stderr.write(
    [
      `This program needs Node 24 or later; this is Node ${process.versions.node} (${process.execPath}).`,
      'Run "npm ci", which also installs Node 24 for this folder, and then use the npm commands:',
      '"npm start", "npm test", "npm run …". They take that Node by themselves.',
      'Where "npm ci" finds no Node 24 for this system, get it from https://nodejs.org.',
      '',
    ].join('\n'),
  );
  process.exit(1);
}
