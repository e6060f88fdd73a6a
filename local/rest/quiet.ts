/**
 * Keeps lite from printing errors that clients receive anyway, because they quote texts of users. Errors without a
 * code of the database or the API are lite's own and are still printed. Returns a function that undoes this.
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

/** The start of lite's errors about addresses that it cannot parse. */
const UNREADABLE = /^("failed to parse |Invalid filter expression|Expected |Unexpected input )/;

/** Returns true for errors of Postgres and refusals (with a `code`), and for unknown names (with a `relation`). */
function isAnswered(value: unknown): boolean {
  if (value instanceof Error && UNREADABLE.test(value.message)) return true;
  return typeof value === "object" && value !== null && ("code" in value || "relation" in value);
}
