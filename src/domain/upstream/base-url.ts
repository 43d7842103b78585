/** What is wrong with a base address; each is a reason of the message catalogue. */
export type BaseUrlFault = 'base_url_not_http' | 'base_url_credentials' | 'base_url_link_local';

/**
 * Why an address is none that an upstream may have; undefined: it may. Loopback and private networks
 * are where operators run models of their own; what is link-local serves a machine's secrets.
 */
export function baseUrlFault(text: string, allowsLinkLocal: boolean): BaseUrlFault | undefined {
  if (!URL.canParse(text)) return 'base_url_not_http';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'base_url_not_http';
  if (url.username !== '' || url.password !== '') return 'base_url_credentials';
  // It is shown and written down; Azure's version is the one thing that belongs into its query.
  const others = [...url.searchParams.keys()].filter((name) => name !== 'api-version');
  if (others.length > 0 || url.hash !== '') return 'base_url_credentials';
  if (!allowsLinkLocal && isLinkLocal(url.hostname)) return 'base_url_link_local';
  return undefined;
}

/** Where clouds keep what a machine may do in somebody's name, beside the link-local networks. */
const metadata = new Set([
  'metadata.google.internal',
  'metadata',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
]);

/** Of a host as `URL` writes it, or an address as a resolver does. */
export function isLinkLocal(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$|\.$/g, '')
    .replace(/%.*$/, '');
  const address = embeddedIpv4(name) ?? name;
  return (
    metadata.has(address) || /^169\.254(\.\d+){2}$/.test(address) || /^fe[89ab][0-9a-f]:/.test(name)
  );
}

/** The IPv4 address that an IPv6 one stands for: mapped, compatible, or behind NAT64. */
function embeddedIpv4(name: string): string | undefined {
  const dotted = /^(?:::(?:ffff:(?:0:)?)?|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/.exec(name);
  if (dotted) return dotted[1];
  const hex = /^(?:::(?:ffff:(?:0:)?)?|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (!hex) return undefined;
  const bytes = hex.slice(1).flatMap((part) => {
    const number = Number.parseInt(part, 16);
    return [number >> 8, number & 0xff];
  });
  return bytes.join('.');
}
