import test from 'ava';
import { baseUrlFault, isLinkLocal } from '../../../src/domain/upstream/base-url.ts';

for (const [text, fault] of [
  ['https://api.openai.com/v1', undefined],
  ['http://127.0.0.1:11434/v1', undefined],
  ['http://[::1]:8000', undefined],
  ['http://10.0.0.7/v1', undefined],
  ['http://192.168.1.5:9000', undefined],
  ['https://x.openai.azure.com?api-version=2024-10-21', undefined],
  ['ftp://api.example.com', 'base_url_not_http'],
  ['file:///etc/passwd', 'base_url_not_http'],
  ['nonsense', 'base_url_not_http'],
  ['https://ann:secret@api.example.com', 'base_url_credentials'],
  ['https://sk-secret@api.example.com', 'base_url_credentials'],
  ['https://api.example.com/v1?key=secret', 'base_url_credentials'],
  ['https://api.example.com/v1#secret', 'base_url_credentials'],
  ['http://169.254.169.254/latest', 'base_url_link_local'],
  ['http://0xA9FEA9FE/latest', 'base_url_link_local'],
  ['http://2852039166', 'base_url_link_local'],
  ['http://169.254.0.1', 'base_url_link_local'],
  ['http://[fe80::1]', 'base_url_link_local'],
  ['http://[FEBF::1]', 'base_url_link_local'],
  ['http://[::ffff:169.254.169.254]', 'base_url_link_local'],
  ['http://[::ffff:a9fe:a9fe]', 'base_url_link_local'],
  ['http://[64:ff9b::a9fe:a9fe]', 'base_url_link_local'],
  ['http://[fd00:ec2::254]', 'base_url_link_local'],
  ['http://metadata.google.internal.', 'base_url_link_local'],
  ['http://100.100.100.200', 'base_url_link_local'],
] as const) {
  test(`${text} is ${fault ?? 'an upstream’s'}`, (t) => {
    t.is(baseUrlFault(text, false), fault);
    t.is(baseUrlFault(text, true), fault === 'base_url_link_local' ? undefined : fault);
  });
}

test('an address is recognised as a resolver writes it', (t) => {
  for (const address of ['169.254.1.2', 'fe80::1%eth0', '::ffff:169.254.1.2']) {
    t.true(isLinkLocal(address), address);
  }
  for (const address of ['169.253.1.2', '127.0.0.1', '::1', 'fec0::1', 'fe8::1']) {
    t.false(isLinkLocal(address), address);
  }
});
