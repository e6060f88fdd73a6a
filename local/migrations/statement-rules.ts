import type { AppliedMigration } from "./history.ts";

/**
 * Statements that the Supabase CLI runs outside a transaction, each on its own. The list is the one of the pinned CLI:
 * https://github.com/supabase/cli/pull/6276
 */
const OUTSIDE_TRANSACTION =
  /^(?:(?:create\s+(?:unique\s+)?|drop\s+)index\s+concurrently|reindex[\s(].*\sconcurrently|vacuum|alter\s+system|cluster)(?:[\s(]|$)/is;
/** Statements that end the transaction of the file, so that a failure would leave half of it behind. */
const TRANSACTION_CONTROL =
  /^(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))(?:\s|$)/i;
const LEADING_COMMENTS = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

/** Names what a migration must not hold, one sentence each. Its statements are cut by the CLI that applied them. */
export function findRuleBreaks({ version, name, statements }: AppliedMigration): string[] {
  const file = `${version}_${name}.sql`;
  const bare = (statements ?? [])
    .map((statement) => statement.replace(LEADING_COMMENTS, ""))
    .filter((statement) => statement !== "");
  const control = bare.find((statement) => TRANSACTION_CONTROL.test(statement));
  const alone = bare.find((statement) => OUTSIDE_TRANSACTION.test(statement));
  return [
    control &&
    `${file} holds \`${firstLine(control)}\`. The CLI runs each file in a transaction of its own.`,
    alone && bare.length > 1 &&
    `${file} holds \`${
      firstLine(alone)
    }\` and other statements. Put it alone into a file of its own.`,
  ].filter((sentence) => typeof sentence === "string");
}

function firstLine(statement: string): string {
  return statement.split("\n", 1)[0] ?? "";
}
