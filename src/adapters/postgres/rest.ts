/**
 * Under load, few transactions cost a fraction of many, and rows of one key become one; so a batch is
 * followed by a rest that grows with it. An event that comes alone is taken at once.
 */
const perItemMs = 10;
const longestMs = 200;

export const restMs = (items: number): number => Math.min(items * perItemMs, longestMs);
