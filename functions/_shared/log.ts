/** One structured line: never a secret, never what a user wrote. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes one JSON line. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** The log of one function: JSON lines that a hosted project collects from the console. */
export function createLog(functionName: string): Log {
  const line = (level: string, event: string, fields?: LogFields) =>
    JSON.stringify({
      at: new Date().toISOString(),
      level,
      function: functionName,
      event,
      ...fields,
    });
  return {
    info: (event, fields) => console.log(line("info", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

/** What may be logged of an unknown error: its name and a code, since messages can quote what a user wrote. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const cause = error.cause instanceof Error ? error.cause.name : undefined;
  return { error: error.name, error_code: code, cause, stack: error.stack?.split("\n")[1]?.trim() };
}
