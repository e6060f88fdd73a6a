import { type Operation, OPERATIONS } from "./operations.ts";
import type { Size } from "./sizes.ts";
import type { Variant } from "./time-sql.ts";

/** One way to run an operation: in which database, through what, under which policies. */
export interface Case {
  operation: Operation;
  size: Size;
  path: "SQL" | "REST";
  variant: Variant;
}

/** The cases of one run, shuffled, so that none is always the first to meet a page on disk or a pause of the machine. */
function listCases(
  operation: Operation,
  sizes: Size[],
  options: { naive: boolean },
): Case[] {
  const paths: Pick<Case, "path" | "variant">[] = [
    { path: "SQL", variant: "secured" },
    { path: "SQL", variant: "bare" },
    { path: "REST", variant: "secured" },
  ];
  if (operation.rest.bare) paths.push({ path: "REST", variant: "bare" });
  if (operation.isNaiveToo && options.naive) paths.push({ path: "SQL", variant: "naive" });
  return shuffle(sizes.flatMap((size) => paths.map((each) => ({ operation, size, ...each }))));
}

/** Rounds of runs of every operation; `naive` only in each round's first run, since one can take a second. */
export function* scheduleCases(
  sizes: Size[],
  runs: number,
): Generator<{ run: number; each: Case }> {
  for (const operation of OPERATIONS) {
    for (let run = 0; run < runs; run += 1) {
      for (const each of listCases(operation, sizes, { naive: run === 0 })) yield { run, each };
    }
  }
}

function shuffle<Item>(items: Item[]): Item[] {
  return items.map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
