import { randomBytes } from "node:crypto";
import bcrypt from "bcryptjs";
import { AuthError } from "../http/errors.ts";

const COST = 10;
const SHORTEST = 6;
/** bcrypt reads no further. */
const LONGEST_BYTES = 72;

/** The hash of a password. Throws when it is too weak, or too long to be hashed whole. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < SHORTEST) {
    throw new AuthError("weak_password", `Password should be at least ${SHORTEST} characters.`, {
      extra: { weak_password: { reasons: ["length"] } },
    });
  }
  if (Buffer.byteLength(password) > LONGEST_BYTES) {
    throw new AuthError(
      "validation_failed",
      `Password cannot be longer than ${LONGEST_BYTES} characters`,
    );
  }
  return await bcrypt.hash(password, COST);
}

/** Compared with where there is no hash: an answer that comes at once would say that the account is unknown. */
const nobodysHash = bcrypt.hash(randomPassword(), COST);

/** True when the password is the one behind the hash. Takes as long when there is none. */
export async function isPassword(
  password: string,
  hash: string | null | undefined,
): Promise<boolean> {
  const isMatch = await bcrypt.compare(password, hash ?? await nobodysHash);
  return isMatch && hash != null;
}

/** A password that nobody knows. */
export function randomPassword(): string {
  return randomBytes(32).toString("base64url");
}
