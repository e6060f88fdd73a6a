import { type Operation, OPERATIONS } from "./operations.ts";
import type { Size } from "./sizes.ts";
import type { Variant } from "./time-sql.ts";

/** One way to run an operation: the database, the interface and the policies. */
export interface Case {
  operation: Operation;
  size: Size;
  path: "SQL" | "REST";
  variant: Variant;
}

/** Returns the cases of one run, shuffled, so that none is always the first to read a page from disk. */
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

/**
 * Yields rounds of runs of every operation. `naive` is only in the first run of each round, because it can
 * take a second.
 */
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
