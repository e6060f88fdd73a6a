import process from "node:process";

/**
 * Keeps the supervisor alive when postgres.js loses a connection. postgres.js then throws when it writes to that
 * connection, and rejects queries that nobody awaits any more. No caller can catch either. The connection is unusable
 * afterwards, so `onLost` must replace its pool. Any other uncaught exception still ends the process. Returns a
 * function that undoes this.
 * @see https://github.com/porsager/postgres/issues/1208
 */
export function surviveLostConnections(onLost: () => void): () => void {
  const survive = (error: unknown) => {
    if (!isLostWrite(error) && !isLostQuery(error)) throw error;
    onLost();
  };
  process.on("uncaughtException", survive);
  return () => process.off("uncaughtException", survive);
}

function isLostQuery(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "CONNECTION_CLOSED";
}

function isLostWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    /\bnextWrite\b.*\bpostgres\/src\/connection\.js/.test(error.stack ?? "");
}
