// The used parts of node:crypto. `deno check` looks for @types/node only beside deno.json.

/** A digest of data in pieces, which the Web's `crypto.subtle` does not offer. */
export interface Hash {
  update(data: Uint8Array): this;
  digest(encoding: "hex"): string;
}

/** Creates a digest. */
export function createHash(algorithm: "sha256"): Hash;
