// The used part of node:dns/promises. `deno check` looks for @types/node only beside deno.json.

/** Resolves a host name to its addresses. */
export function lookup(hostname: string, options: { all: true }): Promise<{ address: string }[]>;
