import process from "node:process";

/**
 * Keeps the supervisor alive when postgres.js writes to a connection that has just broken: it does so after everybody
 * who waits has been told, where nobody can catch it. That connection is of no use any more: `onLost` is called to
 * replace its pool. Any other exception ends the process, as ever. Returns how to undo it.
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
