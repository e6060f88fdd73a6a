import type { Hash } from "./node-crypto.d.ts";

/** Not a literal, because `deno check` would then look for the types of Node. */
const CRYPTO: string = "node:crypto";

/**
 * Creates a SHA-256 digest of data in pieces. Loads `node:crypto` only now, because that takes 8 ms of the start of a
 * function.
 */
export async function createSha256(): Promise<Hash> {
  const { createHash }: typeof import("./node-crypto.d.ts") = await import(CRYPTO);
  return createHash("sha256");
}
