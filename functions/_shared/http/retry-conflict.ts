/**
 * The SQLSTATEs of a transaction that Postgres rolled back because of another one, so that it may be tried again:
 * serialization_failure and deadlock_detected.
 * https://www.postgresql.org/docs/17/mvcc-serialization-failure-handling.html
 */
const CONFLICTS = new Set(["40001", "40P01"]);

/** Returns true for the SQLSTATE of a transaction that may be tried again. */
export function isConflict(code: unknown): boolean {
  return typeof code === "string" && CONFLICTS.has(code);
}

/** Returns a `fetch` that sends a database request again, once, if a conflict rolled its transaction back. */
export function retryConflict(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    // PostgREST answers 500 to SQLSTATEs of class 40: https://docs.postgrest.org/en/v14/references/errors.html
    if (response.status !== 500 || !await saysConflict(response.clone())) return response;
    return await send(input, init);
  };
}

async function saysConflict(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => null);
  return typeof body === "object" && body !== null && "code" in body && isConflict(body.code);
}
