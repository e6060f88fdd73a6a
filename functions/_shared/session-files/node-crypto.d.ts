// What is used of node:crypto. `deno check` looks for @types/node beside deno.json only.

/** A digest that is fed piece by piece, which the Web's `crypto.subtle` has not. */
export interface Hash {
  update(data: Uint8Array): this;
  digest(encoding: "hex"): string;
}

/** Begins a digest. */
export function createHash(algorithm: "sha256"): Hash;
