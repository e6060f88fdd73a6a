import fc from "fast-check";
import type { Behaviour } from "@parley/openai-emulator/control/behaviour.ts";
import { type Action, actions } from "../helpers/scenario.ts";

/** The parts that can fail. The gateway runs in the supervisor, together with the scheduler. */
export const PARTS = ["postgres", "gateway", "functions", "openai", "stripe"] as const;
export type Part = typeof PARTS[number];

/** One failure while users act. */
export interface Round {
  number: number;
  part: Part;
  how: "killed" | "frozen";
  /** Milliseconds from the users' first step to the failure. */
  after: number;
  /** The actions of each user, one after the other. */
  users: Action[][];
  /** What OpenAI does to some requests meanwhile. */
  unkindness: Unkindness;
}

/**
 * What OpenAI does, and a client gets over by trying again. A response that ends before its first event is missing,
 * because nobody can learn its id and delete it, and so is one that never ends.
 */
const UNKIND = [
  { scenario: "error_event", variant: "nested", after: "created", times: 2 },
  { scenario: "error_event", variant: "flat", after: "text", times: 2 },
  { scenario: "error_event", variant: "unnamed", after: "text", completes: true },
  { scenario: "late_attach_400" },
  { scenario: "ends_early" },
  { scenario: "duplicate_events" },
  { scenario: "split_utf8" },
  { scenario: "cancelled_empty" },
  { scenario: "slow_title", seconds: 1 },
  { scenario: "title_fails" },
  { scenario: "reasoning_summary" },
  { scenario: "reasoning_only", times: 1 },
  { scenario: "empty_output", times: 1 },
  { scenario: "retry_after_ms", times: 4 },
  { scenario: "rate_limited_for", seconds: 1 },
  { scenario: "insufficient_quota", times: 2 },
  { scenario: "conversation_items_fail", n: 2 },
] as const satisfies Behaviour[];
type Unkindness = (typeof UNKIND)[number];

const USERS = 3;
const ACTIONS_EACH = 3;
const LONGEST_WAIT_MS = 1_500;
const ALL = PARTS.flatMap((part) => (["killed", "frozen"] as const).map((how) => ({ part, how })));

/** Draws rounds from a seed; the same seed gives the same rounds. Every part fails in every way before one repeats. */
export function planRounds(seed: number, count: number): Round[] {
  const names = Object.keys(actions) as Action[]; // The literal's keys are exactly the keys of its type.
  const faults = fc.shuffledSubarray(ALL, { minLength: ALL.length });
  const steps = fc.shuffledSubarray(names, { minLength: ACTIONS_EACH, maxLength: ACTIONS_EACH });
  const details = fc.record({
    after: fc.nat({ max: LONGEST_WAIT_MS }),
    users: fc.array(steps, { minLength: USERS, maxLength: USERS }),
    unkindness: fc.constantFrom(...UNKIND),
  });
  const turns = Math.ceil(count / ALL.length);
  const order = fc.sample(faults, { seed, numRuns: turns }).flat().slice(0, count);
  const drawn = fc.sample(details, { seed, numRuns: count });
  return order.flatMap((fault, index) => {
    const detail = drawn[index];
    return detail ? [{ number: index + 1, ...fault, ...detail }] : [];
  });
}
