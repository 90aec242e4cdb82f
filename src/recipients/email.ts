import { isEmail } from 'class-validator';

/** RFC 5321: a forward path has at most 256 characters with its brackets. */
const MAX_LENGTH = 254;
// isEmail lets quoted local parts through, and in them blanks and line breaks: a header injection, and no living address has one.
const UNSAFE = /[\s"\\<>\u0000-\u001f\u007f]/;

/** Whether the text is a plain mail address (no display name, no quoted local part). */
export function isMailAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && !UNSAFE.test(text) && isEmail(text);
}

/** One spelling for addresses that reach the same mailbox everywhere in practice: case and surrounding blanks do not count. */
export function normaliseAddress(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}
