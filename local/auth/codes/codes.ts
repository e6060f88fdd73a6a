import { createHash, randomInt } from "node:crypto";

const LIFETIME_MS = 3_600_000;
/** Marks tokens whose link hands out a code to exchange instead of a session. */
export const PKCE_PREFIX = "pkce_";

/** A new six-digit code. */
export function createCode(): string {
  return String(randomInt(1_000_000)).padStart(6, "0");
}

/** What is stored of a code, and what a link carries: a hash over the address and the code. */
export function hashCode(address: string, code: string): string {
  return createHash("sha224").update(address + code).digest("hex");
}

/** True while a token sent at this time may be used. */
export function isFresh(sentAt: Date | null): boolean {
  return sentAt !== null && Date.now() - sentAt.getTime() < LIFETIME_MS;
}
