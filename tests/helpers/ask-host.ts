import { inject } from "vitest";
import type { HostedStack } from "./stack-host.ts";

/** Returns the stack of the worker that this file runs in. No other file uses it at the same time. */
export function takeStack(): Promise<HostedStack> {
  return ask(`stacks/${process.env.VITEST_POOL_ID}`);
}

/** Returns the stacks of all workers so far. */
export function takenStacks(): Promise<HostedStack[]> {
  return ask("stacks");
}

/** Returns a state directory with a migrated database, to be copied. */
export function stateTemplate(): Promise<string> {
  return ask("template");
}

// The test run's main process answers with the return types of its functions.
async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${inject("stackHost")}/${path}`);
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
