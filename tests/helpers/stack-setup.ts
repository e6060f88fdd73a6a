import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { readSettings } from "../../local/settings.ts";
import { startStack } from "../../local/stack.ts";
import type { StackStatus } from "../../local/status.ts";

declare module "vitest" {
  interface ProvidedContext {
    stack: StackStatus;
    /** State directory of the stack under test: its keys and its log. */
    stateDir: string;
  }
}

/** Runs one stack for all tests, on any ports and in a state directory of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-test-"));
  const settings = readSettings({
    PARLEY_API_PORT: "0",
    PARLEY_DB_PORT: "0",
    PARLEY_MAIL_PORT: "0",
    PARLEY_STATE_DIR: stateDir,
    PARLEY_SCHEDULER: "off",
  });
  const log = createWriteStream(path.join(stateDir, "stack.log"));
  const stack = await startStack(settings, {
    log: (part, line) => log.write(`${part} ${line}\n`),
    watch: false,
  });
  project.provide("stack", stack.status);
  project.provide("stateDir", stateDir);
  return async () => {
    await stack.stop();
    log.end();
    await rm(stateDir, { recursive: true, force: true });
  };
}
