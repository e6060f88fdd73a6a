import type { AppliedMigration } from "./history.ts";

/**
 * The statements that the Supabase CLI runs outside a transaction, each on its own. The pinned CLI has this list:
 * https://github.com/supabase/cli/pull/6276
 */
const OUTSIDE_TRANSACTION = startsWithOneOf([
  /(?:create\s+(?:unique\s+)?|drop\s+)index\s+concurrently/,
  /reindex[\s(].*\sconcurrently/,
  /vacuum/,
  /alter\s+system/,
  /cluster/,
], /[\s(]|$/);
/** Statements that end the transaction of the file. After a failure, half of the file would stay applied. */
const TRANSACTION_CONTROL = startsWithOneOf([
  /begin/,
  /start\s+transaction/,
  /commit/,
  /end/,
  /abort/,
  /prepare\s+transaction/,
  /rollback(?!\s+(?:work\s+|transaction\s+)?to\b)/,
], /\s|$/);
const LEADING_COMMENTS = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

/** Lists the rules that a migration breaks, one sentence each. The CLI has cut its text into statements. */
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

/** Builds a pattern for a text that starts with one of `words` followed by `end`, in any case. */
function startsWithOneOf(words: RegExp[], end: RegExp): RegExp {
  const any = words.map(({ source }) => source).join("|");
  return new RegExp(`^(?:${any})(?:${end.source})`, "is");
}

function firstLine(statement: string): string {
  return statement.split("\n", 1)[0] ?? "";
}
