import shared from '@eventstore/db-client/generated/shared_pb.js';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The text of a UUID in either form of the protocol; undefined when it is none. */
export function uuidText(uuid: shared.UUID | undefined): string | undefined {
  const structured = uuid?.getStructured();
  if (structured === undefined) {
    const text = uuid?.getString().toLowerCase();
    return text !== undefined && form.test(text) ? text : undefined;
  }
  const hex =
    halfText(structured.getMostSignificantBits()) + halfText(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function uuidMessage(text: string, structured: boolean): shared.UUID {
  const uuid = new shared.UUID();
  if (!structured) return uuid.setString(text);
  const hex = text.replaceAll('-', '');
  const halves = new shared.UUID.Structured();
  halves.setMostSignificantBits(halfNumber(hex.slice(0, 16)));
  halves.setLeastSignificantBits(halfNumber(hex.slice(16)));
  return uuid.setStructured(halves);
}

/** The protocol's halves are signed 64-bit integers. */
const halfText = (signed: string): string =>
  BigInt.asUintN(64, BigInt(signed)).toString(16).padStart(16, '0');
const halfNumber = (hex: string): string => BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
