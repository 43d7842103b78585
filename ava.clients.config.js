/** Clients that others wrote, against whole programs; apart from `npm test`, which needs none of them. */
export default {
  files: ['test/clients/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  // Each file has one program, which one test after the other asks.
  serial: true,
  timeout: '2m',
};
