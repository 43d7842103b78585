import { error, inLast, plain, plainUsage, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

export const bigmodel: ProviderCase = {
  ...{ kind: 'bigmodel', base: '/api/paas/v4', path: '/api/paas/v4/chat/completions' },
  probePath: '/api/paas/v4/models',
  ...{ keyHeader: bearer, limit: 'max_tokens', usage: plain },
  ...{ whole: whole(plainUsage), stream: inLast(plainUsage) },
  refusals: [
    ['no balance', error(429, { code: '1113', message: '余额不足或无可用资源包,请充值。' }), 'key'],
    ['a wrong key', error(401, { code: '1002', message: '身份验证失败。' }), 'key'],
    [
      'no such model',
      error(400, { code: '1211', message: '模型不存在,请检查模型代码。' }),
      'model',
    ],
    ['too many at once', error(429, { code: '1302', message: '并发过高。' }), 'limited'],
    [
      'content that is sensitive',
      error(400, { code: '1301', message: '可能包含敏感内容。' }),
      'filtered',
    ],
    [
      'a context that is too long',
      error(400, { code: '1261', message: 'Prompt 超长' }),
      'too_long',
    ],
  ],
};
