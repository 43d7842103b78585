import { CallFault } from './call-fault.ts';

/** What the protocol of the provider that is asked has no word for; another provider may have. */
export const beyondProtocol = (param: string): CallFault =>
  new CallFault('unsupported_input', `The upstream's protocol has no \`${param}\`.`, {
    retryable: true,
    param,
    why: 'not_offered',
    values: { param },
  });
