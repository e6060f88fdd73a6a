import { createHash, randomInt } from "node:crypto";

const LIFETIME_MS = 3_600_000;
/** Marks the tokens of the PKCE flow. Their links lead to a code for a session, instead of a session. */
export const PKCE_PREFIX = "pkce_";

/** Creates a six-digit code. */
export function createCode(): string {
  return String(randomInt(1_000_000)).padStart(6, "0");
}

/** Hashes an address and a code. The database stores this hash, and links contain it. */
export function hashCode(address: string, code: string): string {
  return createHash("sha224").update(address + code).digest("hex");
}

/** Returns true while a token that was sent at this time is valid. */
export function isFresh(sentAt: Date | null): boolean {
  return sentAt !== null && Date.now() - sentAt.getTime() < LIFETIME_MS;
}
