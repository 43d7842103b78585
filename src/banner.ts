import type { SetUp } from './api/first-admin.ts';

const call = (url: string) =>
  `  curl ${url}/v1/chat/completions -H "authorization: Bearer $KEY" -H 'content-type: application/json' ` +
  `-d '{"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}'`;

/** What a person at the terminal needs next: the address, the way in, and a command to paste. */
export function banner(url: string, setUp: SetUp, adminEmail: string | undefined): string {
  const lines = [`LLM Member is ready at ${url}`, ''];
  switch (setUp.kind) {
    case 'open': {
      const code = new URL(setUp.path, url).searchParams.get('code') ?? '';
      lines.push(
        'Open this link once to become the administrator:',
        `  ${url}${setUp.path}`,
        'or paste this, with your address and a password; its answer has your first key:',
        `  curl ${url}/api/setup -H 'content-type: application/json' ` +
          `-d '{"code": "${code}", "email": "you@example.com", "password": "choose-a-long-one"}'`,
        '',
      );
      break;
    }
    case 'appointed':
      lines.push(`${adminEmail} is the administrator now.`, '');
      break;
    case 'set_up_before':
      if (adminEmail) lines.push(`${adminEmail} is the administrator, or whoever was first.`, '');
      break;
  }
  lines.push('With a key in KEY, ask the sandbox:', call(url), '');
  return `${lines.join('\n')}\n`;
}

/** The same for a process without the role `api`. */
export const operationsBanner = (url: string, roles: readonly string[]): string =>
  `LLM Member (${roles.join(', ')}) runs at ${url}, for /healthz, /readyz and /metrics alone.\n`;
