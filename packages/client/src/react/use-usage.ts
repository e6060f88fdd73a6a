import { useCallback } from "react";
import type { Parley, Usage } from "../index.ts";
import { type Loaded, useLoaded } from "./use-loaded.ts";

/**
 * What the user has used and may still use. It follows each message that is charged, and each change of the plan.
 *
 * @example
 * function Quota() {
 *   const { data } = useUsage(parley);
 *   return data && <p>{data.monthly_messages.used} messages this month</p>;
 * }
 */
export function useUsage(parley: Parley): Loaded<Usage> {
  const load = useCallback(() => parley.usage(), [parley]);
  const follow = useCallback((onChange: () => void) => parley.live.onUsage(onChange), [parley]);
  return useLoaded(parley, load, follow);
}
