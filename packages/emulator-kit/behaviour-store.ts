import { z } from "zod";

/** A failure that requests to one path meet, at most `times` of them. */
export const Failure = z.strictObject({
  path: z.string().startsWith("/"),
  status: z.number().int().min(400).max(599),
  retry_after: z.number().min(0).optional(),
  times: z.number().int().min(1).optional(),
});
export type Failure = z.infer<typeof Failure>;

/** Holds the behaviour that applies to whatever starts now. */
export interface BehaviourStore<Behaviour extends { fail?: Failure }> {
  get(): Behaviour;
  /** Replaces the whole behaviour; `{}` is the default one. */
  set(behaviour: Behaviour): void;
  /** The failure a request to `path` must meet, counted against its `times`; null if none. */
  takeFailure(path: string): NonNullable<Behaviour["fail"]> | null;
}

/** A store that begins with this behaviour. */
export function createBehaviourStore<Behaviour extends { fail?: Failure }>(
  initial: Behaviour,
): BehaviourStore<Behaviour> {
  let current = initial;
  let taken = 0;
  return {
    get: () => current,
    set(behaviour) {
      current = behaviour;
      taken = 0;
    },
    takeFailure(path) {
      const fail: Behaviour["fail"] = current.fail;
      if (!fail || fail.path !== path || taken >= (fail.times ?? Infinity)) return null;
      taken++;
      return fail;
    },
  };
}
