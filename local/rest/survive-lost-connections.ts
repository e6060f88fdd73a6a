import process from "node:process";

/**
 * Keeps the supervisor alive when postgres.js writes to a connection that has just broken. It throws after all queries
 * have been rejected, where no caller can catch the error. The connection is unusable afterwards, so `onLost` must
 * replace its pool. Any other uncaught exception still ends the process. Returns a function that undoes this.
 * @see https://github.com/porsager/postgres/issues/1208
 */
export function surviveLostConnections(onLost: () => void): () => void {
  const survive = (error: unknown) => {
    if (!isLostWrite(error)) throw error;
    onLost();
  };
  process.on("uncaughtException", survive);
  return () => process.off("uncaughtException", survive);
}

function isLostWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    /\bnextWrite\b.*\bpostgres\/src\/connection\.js/.test(error.stack ?? "");
}
