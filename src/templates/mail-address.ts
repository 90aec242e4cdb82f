// One mailbox without a display name: no blanks, quotes, commas or angle brackets, so that it can never become two or bring a header.
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)$/;
const MAX_ADDRESS = 254;

/** The domain of a plain mail address in lower case, or undefined where it is none. */
export function mailDomain(address: string): string | undefined {
  if (address.length > MAX_ADDRESS) return undefined;
  return ADDRESS.exec(address)?.[1]?.toLowerCase();
}
