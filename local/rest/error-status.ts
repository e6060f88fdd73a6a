/**
 * Returns PostgREST's HTTP status for a SQLSTATE, for the codes that lite answers with 500.
 * Source: https://docs.postgrest.org/en/stable/references/errors.html#http-status-codes
 */
export function statusOf(sqlState: string): number {
  if (sqlState === "P0001") return 400;
  if (sqlState === "53400") return 500;
  const group = sqlState.slice(0, 2);
  if (["08", "53"].includes(group)) return 503;
  if (["0L", "0P", "28"].includes(group)) return 403;
  return SERVER_SIDE.has(group) ? 500 : 400;
}

const SERVER_SIDE = new Set(
  ["09", "25", "2D", "38", "39", "3B", "40", "54", "55", "57", "58", "F0", "HV", "P0", "XX"],
);

/** Returns true for the codes that lite answers with the right status itself. */
export function isKnownToLite(sqlState: string): boolean {
  return /^(PT|42|22|21)/.test(sqlState) ||
    ["PGRST", "23502", "23503", "23505", "25006"].includes(sqlState);
}
