import { expect, test } from "vitest";
import { findLongLines } from "../../scripts/check-line-length.ts";

test("a line of 121 characters is found, and one of 120 is not", () => {
  const text = ["a".repeat(120), "é".repeat(121), ""].join("\n");

  expect(findLongLines("a.ts", text)).toEqual(["a.ts:2"]);
});

test.for([
  ["a row of a table", `| ${"a ".repeat(80)}|`],
  ["an address", `- https://example.com/${"a".repeat(120)}`],
])("%s may be longer", ([, line = ""]) => {
  expect(findLongLines("a.md", line)).toEqual([]);
});
