import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { startDatabase } from "../../local/postgres/platform-database.ts";
import { loadKeys } from "../../local/stack/keys.ts";
import { silentLog } from "../../local/stack/log.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { StackStatus } from "../../local/stack/status.ts";

/** A stack that test files use one after the other. */
export interface HostedStack {
  status: StackStatus;
  /** Its state directory, with its keys and its log. */
  stateDir: string;
}

/** Starts each stack of a test run when it is first requested, and ends all of them when it is disposed of. */
export class StackHost {
  readonly directory: string;
  readonly #parts = new AsyncDisposableStack();
  readonly #stacks = new Map<number, Promise<HostedStack>>();
  #template: Promise<string> | undefined;

  private constructor(directory: string) {
    this.directory = directory;
    this.#parts.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  }

  static async open(): Promise<StackHost> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "parley-test-"));
    // As root, Postgres runs as another user, who must be able to enter this folder.
    await chmod(directory, 0o711);
    return new StackHost(directory);
  }

  /** Returns the stack of a worker of the test runner. */
  stack(worker: number): Promise<HostedStack> {
    const known = this.#stacks.get(worker);
    if (known) return known;
    const starting = this.#start(worker);
    this.#stacks.set(worker, starting);
    return starting;
  }

  /** Returns all stacks so far. */
  stacks(): Promise<HostedStack[]> {
    return Promise.all(this.#stacks.values());
  }

  /** Returns a state directory with a migrated database that no process uses, to be copied. */
  template(): Promise<string> {
    return this.#template ??= makeTemplate(path.join(this.directory, "template"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#stacks.values(), this.#template]);
    await this.#parts.disposeAsync();
  }

  async #start(worker: number): Promise<HostedStack> {
    const stateDir = path.join(this.directory, `stack-${worker}`);
    await copyState(await this.template(), stateDir);
    const child = fork(path.join(import.meta.dirname, "stack-process.ts"), {
      cwd: REPOSITORY,
      execArgv: [],
      env: { ...plainEnvironment(), ...stackEnvironment(stateDir) },
    });
    this.#parts.defer(() => endProcess(child));
    return { status: StackStatus.parse(await firstMessage(child)), stateDir };
  }
}

/** Copies a state directory with its owners, because the database may belong to another user. */
export async function copyState(from: string, to: string): Promise<void> {
  await execa("cp", ["-a", `${from}/.`, to]);
}

/** Returns variables with free ports for a state directory. */
function stackEnvironment(stateDir: string): Record<string, string> {
  return {
    PARLEY_API_PORT: "0",
    PARLEY_DB_PORT: "0",
    PARLEY_MAIL_PORT: "0",
    PARLEY_STATE_DIR: stateDir,
    PARLEY_SCHEDULER: "off",
    PARLEY_ANONYMOUS_SIGN_INS: "on",
    PARLEY_OPENAI_TOKENS_PER_SECOND: "0",
    // 5 seconds of silence, and 7.5 seconds for a body that is not a form.
    PARLEY_BODY_TIME_PART: "0.25",
  };
}

/** Returns the environment without a developer's own settings. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const isSetting = /^(PARLEY|OPENAI|STRIPE)_|_DAYS$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting.test(name)));
}

async function makeTemplate(stateDir: string): Promise<string> {
  const database = await startDatabase({
    stateDir,
    port: { port: 0 },
    apiUrl: "http://127.0.0.1",
    keys: await loadKeys(stateDir),
    log: silentLog,
  });
  try {
    await database.migrate();
  } finally {
    await database.service.stop();
  }
  return stateDir;
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the stack of a worker did not start: it ended with ${code ?? signal}`);
  });
  const [message] = await Promise.race([once(child, "message"), ended]);
  return message;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}
