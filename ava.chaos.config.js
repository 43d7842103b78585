/** Whole programs, killed under load: minutes, so apart from `npm test`, and one after the other. */
export default {
  files: ['test/chaos/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  timeout: '4m',
};
