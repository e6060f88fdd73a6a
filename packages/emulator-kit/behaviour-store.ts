import * as z from "zod";

/** A failure for requests to one path, at most `times` of them. */
export const Failure = z.strictObject({
  path: z.string().startsWith("/"),
  status: z.number().int().min(400).max(599),
  retry_after: z.number().min(0).optional(),
  times: z.number().int().min(1).optional(),
});
export type Failure = z.infer<typeof Failure>;

/** Returns the message and the headers for a failure; `marker` is a detail that must never reach a client. */
export function describeFailure({ status, retry_after }: Failure, marker: string) {
  const headers = retry_after === undefined ? undefined : { "retry-after": String(retry_after) };
  return { message: `Commanded failure with status ${status} (${marker}).`, headers };
}

/** Holds the behaviour for requests and responses that start from now on. */
export interface BehaviourStore<Behaviour extends { fail?: Failure }> {
  get(): Behaviour;
  /** Replaces the whole behaviour; `{}` is the default. */
  set(behaviour: Behaviour): void;
  /** Returns the failure for a request to `path` and counts it against `times`; null if there is none. */
  takeFailure(path: string): NonNullable<Behaviour["fail"]> | null;
}

/** Creates a store that begins with this behaviour. */
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
