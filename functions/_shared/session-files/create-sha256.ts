import type { Hash } from "./node-crypto.d.ts";

/**
 * Creates a SHA-256 digest of data in pieces. Loads `node:crypto` only now, because that takes a tenth of the start of a
 * function.
 */
export async function createSha256(): Promise<Hash> {
  // @ts-types="./node-crypto.d.ts"
  const { createHash } = await import("node:crypto");
  return createHash("sha256");
}
