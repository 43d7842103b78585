/** The whole program, killed under load: minutes, so apart from `npm test`. */
export default {
  files: ['test/crash/*.test.ts'],
  extensions: ['ts'],
  timeout: '3m',
};
