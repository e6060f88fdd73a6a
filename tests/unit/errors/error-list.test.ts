import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { readSqlFiles } from "../../../local/migrations/sql-files.ts";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { countCalls, findRefusals } from "../../../scripts/reference/sql-errors.ts";
import { describeErrorCode, type ErrorCode, errors, isErrorCode } from "../../../types/errors.ts";

const sql = (await readSqlFiles()).map(({ text }) => text).join("\n");
/** The calls of the function, without its definition, comment and grant. */
const calls = sql.replaceAll(
  /^(?:create|comment on|grant \w+ on) function private\.refuse\b/gm,
  "",
);
const refusals = findRefusals(sql);
const codes = Object.keys(errors).filter(isErrorCode);

async function readFunctions(): Promise<string> {
  const files = await Array.fromAsync(glob("functions/**/*.ts", { cwd: REPOSITORY }));
  const texts = files.map((file) => readFile(path.join(REPOSITORY, file), "utf8"));
  return (await Promise.all(texts)).join("\n");
}

test("every refusal in SQL has a code of the list, its status and a sentence", () => {
  expect(refusals.length).toBe(countCalls(calls));
  expect(refusals.length).toBeGreaterThan(60);
  expect(sql).not.toMatch(/errcode = 'PT\d|sqlstate 'PT\d/i);
  for (const { code, status, hint } of refusals) {
    expect(errors, code).toHaveProperty(code);
    expect(status, code).toBe(isErrorCode(code) && errors[code].status);
    expect(hint, code).toMatch(/^[A-Z].*\w\. [A-Z].*\.$/);
  }
});

test("a code that SQL always explains in the same way uses the sentences of the list", () => {
  const byCode = Map.groupBy(refusals, ({ code }) => code);
  for (const [code, [first, ...others]] of byCode) {
    if (others.some(({ hint }) => hint !== first?.hint)) continue;
    expect(first?.hint).toBe(isErrorCode(code) && describeErrorCode(code));
  }
});

test("every code of the list is raised by SQL or by a function", async () => {
  const functions = await readFunctions();
  const raised = new Set(refusals.map(({ code }) => code));

  expect(codes.filter((code) => !raised.has(code) && !isNamed(code, functions))).toEqual([]);

  function isNamed(code: ErrorCode, text: string): boolean {
    return text.includes(`"${code}"`) || sql.includes(`'${code}'`);
  }
});

test("every code is in one part of the list only", async () => {
  const parts = await Array.fromAsync(glob("types/errors/*.ts", { cwd: REPOSITORY }));
  const texts = await Promise.all(
    parts.map((file) => readFile(path.join(REPOSITORY, file), "utf8")),
  );
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^ {2}(\w+): \{$/gm)].map(([, code]) => code)
  );

  expect(named.toSorted()).toEqual([...codes].sort());
});

test.each(Object.entries(errors))("%s says what happened and what to do", (_, entry) => {
  for (const sentence of [entry.meaning, entry.action]) {
    expect(sentence).toMatch(/^[A-Z].{8,}\.$/);
    expect(sentence.split(" ").length).toBeLessThanOrEqual(25);
  }
});
