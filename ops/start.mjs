import './check-node.mjs';

// Only now, because an older Node refuses a TypeScript file before its first line.
await import('../src/main.ts');
