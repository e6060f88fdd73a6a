import { setImmediate, setTimeout } from "node:timers/promises";
import type { Generation } from "./generation.ts";
import type { EmulatorState } from "../state.ts";

/** Waits between events; every wait rejects when the response is cancelled. */
export interface Pacer {
  /** Lets other tasks run. */
  yield(): Promise<void>;
  /** Waits for the time to the first token. */
  beforeOutput(): Promise<void>;
  /** Waits until the next token is due. */
  beforeToken(): Promise<void>;
}

/**
 * Creates a pacer for one response. Tokens are due at fixed times, so that the delays of late timers do not
 * add up.
 */
export function createPacer(
  { tokensPerSecond }: Pick<EmulatorState, "tokensPerSecond">,
  { behaviour, course }: Pick<Generation, "behaviour" | "course">,
  signal: AbortSignal,
): Pacer {
  const interval = 1000 / (behaviour.tokens_per_second ?? tokensPerSecond);
  let due = 0;
  const wait = async (ms: number) => {
    await (ms > 0 ? setTimeout(ms, undefined, { signal }) : setImmediate(undefined, { signal }));
  };
  return {
    yield: () => wait(0),
    async beforeOutput() {
      await wait((behaviour.ttft_ms ?? 0) + (course.delayMs ?? 0));
      due = performance.now();
    },
    async beforeToken() {
      await wait(due - performance.now());
      due += interval;
    },
  };
}
