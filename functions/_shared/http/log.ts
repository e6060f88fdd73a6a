/** The fields of a log line. They never contain a secret or a text of a user. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes JSON lines. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  /** Logs a mistake of the client, such as a refused request. */
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Creates the log of a function. It writes JSON lines to the console, where a hosted project collects them. */
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
    warn: (event, fields) => console.warn(line("warn", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

/**
 * Returns the parts of an unknown error that may be logged: names, codes and places. Messages are left out because they
 * can quote a user's text. An error with a cause is described by its cause.
 */
export function describeError(error: unknown): LogFields {
  if (typeof error !== "object" || error === null) return { error: typeof error };
  if (error instanceof Error && error.cause !== undefined && error.cause !== error) {
    return { ...describeError(error.cause), raised_as: error.name };
  }
  return {
    error: error instanceof Error ? error.constructor.name : "object",
    error_code: textField(error, "code"),
    error_status: "status" in error && typeof error.status === "number" ? error.status : undefined,
    error_at: error instanceof Error ? placeOf(error) : undefined,
  };
}

/** Returns where an error was created. Removes the message from the stack first: its lines may look like places. */
function placeOf({ message, stack = "" }: Error): string | undefined {
  const place = /^\s+at (?:.*\()?((?:(?:file|https|node|npm|ext):|\/)\S+:\d+:\d+)\)?$/m;
  return stack.replace(message, "").match(place)?.[1];
}

function textField(error: object, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
