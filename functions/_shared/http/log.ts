/** One structured line: never a secret, never what a user wrote. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes one JSON line. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  /** Somebody else's mistake, such as a request that was refused. */
  warn(event: string, fields?: LogFields): void;
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
    warn: (event, fields) => console.warn(line("warn", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

/**
 * What may be logged of an unknown error: names, codes and places, since messages can quote what a user wrote. An error
 * of ours stands for its cause.
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

/** Where an error was made. A stack begins with the message, whose lines may look like places. */
function placeOf({ message, stack = "" }: Error): string | undefined {
  const place = /^\s+at (?:.*\()?((?:(?:file|https|node|npm|ext):|\/)\S+:\d+:\d+)\)?$/m;
  return stack.replace(message, "").match(place)?.[1];
}

function textField(error: object, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
