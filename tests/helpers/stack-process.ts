// Runs a stack of the test run in a process of its own, because stacks in one process would share a thread. The parent
// starts it with `fork`, receives its status, and tells it to end by closing the channel.
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import { readSettings } from "../../local/stack/settings.ts";
import { startStack } from "../../local/stack/stack.ts";

// A signal to the whole group also reaches the parent. The stack ends with the channel, so Postgres is not left behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

const settings = readSettings();
const log = createWriteStream(path.join(settings.stateDir, "stack.log"));
const stack = await startStack(settings, {
  log: (part, line) => log.write(`${part} ${line}\n`),
  watch: false,
});
const disconnected = once(process, "disconnect");
process.send?.(stack.status);
await disconnected;
await stack.stop();
log.end();
await once(log, "close");
process.exit();
