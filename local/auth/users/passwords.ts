import { randomBytes } from "node:crypto";
import bcrypt from "bcryptjs";
import { AuthError } from "../http/errors.ts";

/** Two below the cost that Supabase uses: a local stack guards no real passwords, and sign-ups cost a quarter. */
const COST = 8;
const SHORTEST = 6;
/** bcrypt ignores further bytes. */
const LONGEST_BYTES = 72;

/** Hashes a password. Rejects when it is too weak, or too long for bcrypt. */
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

/** Compared with when a user has no hash, because a faster response would reveal an unknown account. */
const nobodysHash = bcrypt.hash(randomPassword(), COST);

/** Returns true when the password matches the hash. Takes the same time when there is no hash. */
export async function isPassword(
  password: string,
  hash: string | null | undefined,
): Promise<boolean> {
  const isMatch = await bcrypt.compare(password, hash ?? await nobodysHash);
  return isMatch && hash != null;
}

/** Generates a password that nobody knows. */
export function randomPassword(): string {
  return randomBytes(32).toString("base64url");
}
