/** A member's key is not in the vault: data is lost or the vault is another one's. An alarm, never "erased". */
export class KeyMissing extends Error {
  constructor(memberId: string) {
    super(`The vault has no key of member ${memberId}.`);
    this.name = 'KeyMissing';
  }
}

/** The member was erased: what was sealed for them can never be read again. */
export class KeyErased extends Error {
  constructor(memberId: string) {
    super(`The key of member ${memberId} was erased.`);
    this.name = 'KeyErased';
  }
}

/** What is in the vault was sealed by another master key. */
export class WrongMasterKey extends Error {
  override readonly name = 'WrongMasterKey';
}
