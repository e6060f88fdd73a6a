// `npm start`: runs the stack until Ctrl-C.
import { once } from "node:events";
import { terminalLog } from "./log.ts";
import { describePlans } from "./plans.ts";
import { loadEnvFile, readSettings } from "./settings.ts";
import { startStack } from "./stack.ts";
import type { StackStatus } from "./status.ts";

loadEnvFile();
const startedAt = performance.now();
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => stopping.abort());
}

try {
  const { signal } = stopping;
  const settings = readSettings();
  const { watch } = settings;
  const stack = await startStack(settings, { log: terminalLog, watch, signal });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(welcome(stack.status, await describePlans(stack.status), seconds));
  if (!signal.aborted) await once(signal, "abort");
  terminalLog("stack", "stopping");
  await stack.stop();
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
process.exit();

function welcome(status: StackStatus, plans: string[], seconds: number): string {
  const lines = Object.entries(status).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(21)} ${value}`);
  return [
    "",
    `Parley runs (${seconds.toFixed(1)} s).`,
    "",
    ...lines,
    "",
    ...plans,
    "",
    "Try it, in another terminal:",
    "  npm run demo                        a conversation from sign-up to history",
    "  npm run demo -- --upgrade           a used-up quota, and a plan bought in the emulator",
    "  npm run demo -- --tools             an assistant that books goals, after npm run db:reset",
    "  npm run --silent status -- --json   these addresses and keys for scripts",
    "",
    "Press Ctrl-C to stop everything.",
    "",
  ].join("\n");
}
