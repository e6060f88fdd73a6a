import pg from "pg";
import { type FinalResults, Parser } from "tap-parser";

/** The result of a file of pgTAP tests. */
export interface PgTapReport {
  passed: number;
  /** At least 1 if the file itself failed: an SQL error, no tests, or a number of tests other than planned. */
  failed: number;
  /** Messages about the failures, for people. */
  diagnostics: string[];
}

/** Runs a file of pgTAP tests on a connection. The report holds test failures and SQL errors. */
export async function runPgTap(client: pg.Client, text: string): Promise<PgTapReport> {
  const { lines, error } = await collectTap(client, text);
  const results = await parseTap(lines);
  const passed = results.pass - results.skip - results.todo;
  const problems = [
    ...(error ? [describeError(error, text)] : []),
    ...(results.count === 0 ? ["no tests ran"] : []),
    ...results.failures.flatMap(({ tapError }) => tapError ? [String(tapError)] : []),
  ];
  return {
    passed,
    // A skipped test does not count as passed.
    failed: Math.max(results.count - passed, problems.length > 0 ? 1 : 0),
    diagnostics: [...lines.filter((line) => /^(not ok|#)|# (skip|todo)/i.test(line)), ...problems],
  };
}

interface Output {
  lines: string[];
  error?: Error;
}

/** Collects rows as they arrive. After an error a query's result would lose the rows before it. */
function collectTap(client: pg.Client, text: string): Promise<Output> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const config: pg.QueryArrayConfig = { text, rowMode: "array" };
    const query = new pg.Query<unknown[]>(config);
    query.on("row", ([first]) => {
      if (typeof first === "string") lines.push(...first.split("\n"));
    });
    query.on("error", (error) => resolve({ lines, error }));
    query.on("end", () => resolve({ lines }));
    client.query(query);
  });
}

function parseTap(lines: string[]): Promise<FinalResults> {
  return new Promise((resolve) => new Parser(resolve).end(`${lines.join("\n")}\n`));
}

function describeError(error: Error, text: string): string {
  if (!(error instanceof pg.DatabaseError)) return `error: ${error.message}`;
  const line = error.position &&
    ` (line ${text.slice(0, Number(error.position)).split("\n").length})`;
  return [
    `error ${error.code}: ${error.message}${line ?? ""}`,
    error.detail,
    error.hint,
    error.where,
  ]
    .filter(Boolean).join("\n");
}
