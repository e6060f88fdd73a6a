import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { readStatus, type StackStatus } from "../../local/stack/status.ts";
import { stateTemplate } from "./ask-host.ts";
import { copyState } from "./stack-host.ts";
import { keepOwnLog } from "./stack-log.ts";

/** A stack of one test, run as `npm start` runs it, whose parts may be killed and broken. */
export interface OwnStack {
  /** Process id of the supervisor. */
  pid: number;
  /** Its output so far. */
  lines: readonly string[];
  /** Resolves with the first line of output, past or future, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves with the next line that matches. */
  nextLine(pattern: RegExp): Promise<string>;
  /** Kills the functions and resolves when they run again. */
  killFunctions(): Promise<void>;
  /** Resolves when the stack answers. */
  ready(): Promise<StackStatus>;
  /** Sends a signal and resolves with the exit code when the supervisor has ended. */
  end(signal?: NodeJS.Signals): Promise<number | undefined>;
  /** Resolves with the exit code when the supervisor ends by itself. */
  ended: Promise<number | undefined>;
}

/** Registers a function that runs at the end. */
type AtEnd = (undo: () => Promise<void>) => void;

/**
 * Returns the variables of a new state directory with a migrated database and free ports. The directory is removed when
 * the test ends, or by `atEnd`.
 */
export async function freshEnvironment(
  atEnd: AtEnd = onTestFinished,
): Promise<Record<string, string>> {
  const env = await emptyEnvironment(atEnd);
  await copyState(await stateTemplate(), env.PARLEY_STATE_DIR);
  return env;
}

/** Returns the same variables for an empty state directory, as before the first start. */
export async function emptyEnvironment(
  atEnd: AtEnd = onTestFinished,
): Promise<Record<string, string> & { PARLEY_STATE_DIR: string }> {
  const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-own-"));
  atEnd(() => rm(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  return {
    PARLEY_STATE_DIR: stateDir,
    PARLEY_API_PORT: "0",
    PARLEY_DB_PORT: "0",
    PARLEY_MAIL_PORT: "0",
    PARLEY_OPENAI_TOKENS_PER_SECOND: "0",
    // Otherwise tests that edit files would restart the functions of all running stacks.
    PARLEY_WATCH: "off",
  };
}

/** Starts the stack of a project in a process of its own. It ends with the test, or by `atEnd`. */
export function spawnStack(
  env: Record<string, string>,
  atEnd: AtEnd = onTestFinished,
  project: string = REPOSITORY,
): OwnStack {
  const child = execa("node", [path.join(project, "local/stack/main.ts")], {
    preferLocal: true,
    localDir: REPOSITORY,
    env,
    all: true,
    stdin: "ignore",
    buffer: false,
    reject: false,
  });
  const ended = child.then(({ exitCode }) => exitCode);
  const seen: string[] = [];
  const waiting = new Set<(line: string) => void>();
  createInterface({ input: child.all }).on("line", (line) => {
    seen.push(line);
    for (const hear of waiting) hear(line);
  });

  function nextLine(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      waiting.add((line) => pattern.test(line) && resolve(line));
      ended.then(() => reject(new Error(`ended without ${pattern}:\n${seen.join("\n")}`)));
    });
  }

  const stack: OwnStack = {
    pid: child.pid ?? 0,
    lines: seen,
    ended,
    line(pattern) {
      const past = seen.find((line) => pattern.test(line));
      return past === undefined ? nextLine(pattern) : Promise.resolve(past);
    },
    nextLine,
    async killFunctions() {
      const again = nextLine(/functions.* runs again/);
      process.kill(await childOf(stack.pid, "functions-server"), "SIGKILL");
      await again;
    },
    async ready() {
      await stack.line(/^Parley runs/);
      const status = await readStatus(env.PARLEY_STATE_DIR ?? "");
      if (!status) throw new Error("the stack says that it runs, and does not answer");
      return status;
    },
    end(signal = "SIGINT") {
      child.kill(signal);
      return ended;
    },
  };
  atEnd(async () => {
    await stack.end("SIGTERM");
    await keepOwnLog(seen);
  });
  return stack;
}

/** A stack that the tests of a file share. */
export interface SharedStack {
  stack: OwnStack;
  status: StackStatus;
  /** The variables that it was started with. */
  env: Record<string, string>;
}

/** Starts a stack before the first test of a file, for all its tests. Call it at the top of the file. */
export function stackOfFile(variables: Record<string, string> = {}): () => SharedStack {
  const parts = new AsyncDisposableStack();
  const atEnd: AtEnd = (undo) => parts.defer(undo);
  let started: SharedStack | undefined;
  beforeAll(async () => {
    const env = { ...await freshEnvironment(atEnd), ...variables };
    const stack = spawnStack(env, atEnd);
    started = { stack, status: await stack.ready(), env };
  });
  afterAll(() => parts.disposeAsync());
  return () => {
    if (!started) throw new Error("the stack of the file is started before its first test");
    return started;
  };
}

/** Returns the process ids of a process's children whose command line holds `name`. */
export async function childOf(pid: number, name: string): Promise<number> {
  const { stdout } = await execa("ps", ["-o", "pid=,args=", "--ppid", String(pid)]);
  const line = stdout.split("\n").find((each) => each.includes(name));
  if (!line) throw new Error(`no child "${name}":\n${stdout}`);
  return Number(line.trim().split(" ")[0]);
}

/** Tells whether a process is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
