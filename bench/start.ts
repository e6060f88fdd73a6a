import { type Measure, measure, milliseconds } from "./report.ts";
import { createBenchUser, startBenchStack, temporaryState, timeToFirstText } from "./stack.ts";

/**
 * Measures the time from starting the stack to the first chat reply, first with an empty state directory,
 * then again.
 */
export async function measureStart(): Promise<Measure[]> {
  await using state = await temporaryState();
  const cold = await startToFirstChat(state.directory);
  const warm = await startToFirstChat(state.directory);
  return [
    measure("start to first answered chat, cold", cold, { format: milliseconds }),
    measure("start to first answered chat, warm", warm, { format: milliseconds }),
  ];
}

async function startToFirstChat(stateDir: string): Promise<number> {
  const startedAt = performance.now();
  await using stack = await startBenchStack(stateDir);
  await timeToFirstText(stack.status, await createBenchUser(stack.status));
  return performance.now() - startedAt;
}
