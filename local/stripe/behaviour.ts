import { z } from "zod";

const Failure = z.strictObject({
  path: z.string().startsWith("/"),
  status: z.number().int().min(400).max(599),
  retry_after: z.number().min(0).optional(),
  times: z.number().int().min(1).optional(),
  /** The request is done all the same; the failure takes the place of its reply. */
  lose_reply: z.boolean().optional(),
});

/** How the emulator is told to behave; everything absent means: as well as it can. */
export const Behaviour = z.strictObject({
  fail: Failure.optional(),
  delay_ms: z.number().min(0).optional(),
  /** What becomes of a subscription whose payment has failed for the last time; `canceled` when absent. */
  after_retries: z.enum(["canceled", "unpaid"]).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;

/** A failure that requests to one path meet. */
export type Failure = z.infer<typeof Failure>;

/** Holds the behaviour that applies to whatever starts now. */
export interface BehaviourStore {
  get(): Behaviour;
  /** Replaces the whole behaviour; `{}` is the default one. */
  set(behaviour: Behaviour): void;
  /** The failure a request to `path` must meet, counted against its `times`; null if none. */
  takeFailure(path: string): Failure | null;
}

/** A store with the default behaviour. */
export function createBehaviourStore(): BehaviourStore {
  let current: Behaviour = {};
  let taken = 0;
  return {
    get: () => current,
    set(behaviour) {
      current = behaviour;
      taken = 0;
    },
    takeFailure(path) {
      const { fail } = current;
      if (!fail || fail.path !== path || taken >= (fail.times ?? Infinity)) return null;
      taken++;
      return fail;
    },
  };
}
