import fc from "fast-check";
import { type Action, actions } from "../helpers/scenario.ts";

/** The parts that can fail; the gateway is the supervisor, which also keeps the clock. */
export const PARTS = ["postgres", "gateway", "functions", "openai", "stripe"] as const;
export type Part = typeof PARTS[number];

/** One failure in the middle of what users do. */
export interface Round {
  number: number;
  part: Part;
  how: "killed" | "frozen";
  /** Milliseconds from the users' first step to the failure. */
  after: number;
  /** What each user does, one after the other. */
  users: Action[][];
}

const USERS = 3;
const ACTIONS_EACH = 3;
const LONGEST_WAIT_MS = 1_500;
const ALL = PARTS.flatMap((part) => (["killed", "frozen"] as const).map((how) => ({ part, how })));

/** Rounds drawn from a seed, the same ones again from the same seed; every part fails in every way before one does again. */
export function planRounds(seed: number, count: number): Round[] {
  const names = Object.keys(actions) as Action[]; // Exactly its keys: it is a literal.
  const faults = fc.shuffledSubarray(ALL, { minLength: ALL.length });
  const steps = fc.shuffledSubarray(names, { minLength: ACTIONS_EACH, maxLength: ACTIONS_EACH });
  const details = fc.record({
    after: fc.nat({ max: LONGEST_WAIT_MS }),
    users: fc.array(steps, { minLength: USERS, maxLength: USERS }),
  });
  const turns = Math.ceil(count / ALL.length);
  const order = fc.sample(faults, { seed, numRuns: turns }).flat().slice(0, count);
  const drawn = fc.sample(details, { seed, numRuns: count });
  return order.flatMap((fault, index) => {
    const detail = drawn[index];
    return detail ? [{ number: index + 1, ...fault, ...detail }] : [];
  });
}
