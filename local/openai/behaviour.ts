import { z } from "zod";

const count = z.number().int().min(0);

const Failure = z.strictObject({
  path: z.string().startsWith("/"),
  status: z.number().int().min(400).max(599),
  retry_after: z.number().min(0).optional(),
  times: z.number().int().min(1).optional(),
});

/** How the emulator is told to behave; everything absent means: as well as it can. */
export const Behaviour = z.strictObject({
  ttft_ms: z.number().min(0).optional(),
  tokens_per_second: z.number().positive().optional(),
  reply: z.string().optional(),
  indexing_ms: z.number().min(0).optional(),
  fail: Failure.optional(),
  disconnect_after_events: count.optional(),
  malformed_after_events: count.optional(),
  end: z.enum(["completed", "failed", "incomplete"]).optional(),
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
