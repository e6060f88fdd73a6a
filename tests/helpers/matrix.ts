import fc from "fast-check";
import * as z from "zod";

const Environment = z.object({
  PARLEY_TEST_SIZE: z.enum(["one", "sample", "full"]).default("one"),
  PARLEY_TEST_SEED: z.coerce.number().int().default(1),
  /** Multiplies the cases of the long leg. */
  PARLEY_TEST_TIMES: z.coerce.number().int().min(1).default(1),
});
const { PARLEY_TEST_SIZE: size, PARLEY_TEST_SEED: seed, PARLEY_TEST_TIMES: times } = Environment
  .parse(process.env);

/** How many cases each leg runs: `npm test`, `.ci/run`, and `npm run test:long`. */
export type Sizes = Record<"one" | "sample" | "full", number>;

/**
 * Options of a test that draws its cases. The sample of `.ci/run` and `npm run test:long` run only tests with these
 * options, in files that import this module.
 */
export const drawn = { tags: ["matrix"] };

/** Returns the seed and the number of cases: parameters for fast-check and for planners. */
export function draw(name: string, sizes: Sizes): { seed: number; numRuns: number } {
  const numRuns = size === "full" ? sizes.full * times : sizes[size];
  return announce(name, numRuns, size === "full" ? numRuns : sizes.full);
}

/** Returns some or all cases of a matrix; the same seed gives the same cases. */
export function drawFrom<Case>(
  name: string,
  cases: readonly Case[],
  sizes: Omit<Sizes, "full">,
): Case[] {
  const count = size === "full" ? cases.length : Math.min(sizes[size], cases.length);
  announce(name, count, cases.length);
  if (count === cases.length) return [...cases];
  const some = fc.shuffledSubarray([...cases], { minLength: count, maxLength: count });
  return fc.sample(some, { seed, numRuns: 1 }).flat();
}

function announce(name: string, numRuns: number, all: number): { seed: number; numRuns: number } {
  // `npm test` draws the same cases every time.
  if (size !== "one") console.log(`matrix ${name}: seed ${seed}, ${numRuns} of ${all} cases`);
  return { seed, numRuns };
}
