import { AuthError } from "../http/errors.ts";

/** Source: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address */
const EMAIL = new RegExp(
  "^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?" +
    "(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$",
);
/** Source: https://www.itu.int/rec/T-REC-E.164 */
const PHONE = /^[1-9]\d{1,14}$/;

/** Returns an e-mail address in its stored form. Throws when it is invalid. */
export function parseEmail(text: string | undefined): string {
  if (!text) throw new AuthError("validation_failed", "An email address is required");
  const email = text.toLowerCase();
  if (email.length > 255) {
    throw new AuthError("validation_failed", "An email address is too long");
  }
  if (!EMAIL.test(email)) {
    throw new AuthError(
      "validation_failed",
      "Unable to validate email address: invalid format",
    );
  }
  return email;
}

/** Returns a phone number in its stored form: E.164 without the plus. Throws when it is invalid. */
export function parsePhone(text: string): string {
  const phone = text.replace(/^\+/, "").replaceAll(" ", "");
  if (!PHONE.test(phone)) {
    throw new AuthError("validation_failed", "Invalid phone number format (E.164 required)");
  }
  return phone;
}
