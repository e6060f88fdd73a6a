import { expect, test } from "vitest";
import { type Part, partsOfSteps } from "../../../functions/_shared/turn/events/stored-chunks.ts";

const NOTICE: Part = { type: "data-notice", data: { code: "search_unavailable" } };
const START: Part = { type: "step-start" };
const text = (text: string): Part => ({ type: "text", text, state: "done" });
const STORED = [NOTICE, START, text("One"), text("Two"), START, text("Three"), NOTICE];

test.for(
  [
    [0, 1],
    [1, 4],
    [2, 7],
    [Infinity, 7],
  ] as const,
)("a device that knows of %i stored steps takes %i parts", ([steps, count]) => {
  expect(partsOfSteps(STORED, steps)).toEqual(STORED.slice(0, count));
});

test("a reply without steps has its notices only", () => {
  expect(partsOfSteps([NOTICE], 0)).toEqual([NOTICE]);
  expect(partsOfSteps([], 3)).toEqual([]);
});
