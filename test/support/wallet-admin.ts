import { randomUUID } from 'node:crypto';
import type { TestFn } from 'ava';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, testApi } from './api.ts';

export type Body = Readonly<Record<string, unknown>>;

/** An administrator who orders what becomes of wallets, for one test file. */
export function walletAdmin(test: TestFn) {
  const api = testApi(test);
  let token = '';
  let adminId = '';
  test.serial.before(async () => {
    token = await adminToken(api());
    const event = api()
      .eventLog.events.map(decode)
      .find(({ type }) => type === 'RoleGranted');
    adminId = event?.type === 'RoleGranted' ? event.data.memberId : '';
  });
  const send = (method: string, path: string, body: Body, key: string = randomUUID()) =>
    ask(api(), method, path, {
      token,
      body: { reason: 'test', ...body },
      headers: key === '' ? {} : { 'idempotency-key': key },
    });
  return {
    api,
    token: () => token,
    adminId: () => adminId,
    /** With a key of its own unless one is said; empty: without any. */
    send,
    post: (walletId: string, what: string, body: Body = {}, key?: string) =>
      send('POST', `/api/admin/wallets/${walletId}/${what}`, body, key),
    put: (walletId: string, body: Body, key?: string) =>
      send('PUT', `/api/admin/wallets/${walletId}/limits`, body, key),
    async look(walletId: string) {
      const { status, body } = await ask(api(), 'GET', `/api/admin/wallets/${walletId}`, { token });
      if (status !== 200) throw new Error(`A look at ${walletId} was answered ${status}.`);
      return body;
    },
  };
}
