import type { Context } from 'koa';

const pagePolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Nothing of ours is sniffed, cached or told to the next site. */
export function securityHeaders(ctx: Pick<Context, 'set'>): void {
  ctx.set('x-content-type-options', 'nosniff');
  ctx.set('referrer-policy', 'no-referrer');
  ctx.set('cache-control', 'no-store');
}

/** Pages run no scripts at all, load nothing, and are never framed. */
export function pageHeaders(ctx: Pick<Context, 'set'>): void {
  ctx.set('content-security-policy', pagePolicy);
  ctx.set('x-frame-options', 'DENY');
}
