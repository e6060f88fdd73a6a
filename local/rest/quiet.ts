/**
 * Keeps lite from printing the errors that it answers, which quote what users wrote. What has no code of the database
 * or the API is a fault of lite's own and still reaches the console. Returns how to undo it.
 */
export function quietAnsweredErrors(): () => void {
  const { error } = console;
  console.error = (...values: unknown[]) => {
    if (!values.some(isAnswered)) error(...values);
  };
  return () => {
    console.error = error;
  };
}

/** How lite begins to say that it cannot read an address. */
const UNREADABLE = /^("failed to parse |Invalid filter expression|Expected |Unexpected input )/;

/** Errors of Postgres and refusals carry a `code`; an unknown table or column names its `relation`. */
function isAnswered(value: unknown): boolean {
  if (value instanceof Error && UNREADABLE.test(value.message)) return true;
  return typeof value === "object" && value !== null && ("code" in value || "relation" in value);
}
