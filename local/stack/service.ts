import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { execa, type ResultPromise } from "execa";
import type { Log } from "./log.ts";

/** The description of one child process of the stack. */
export interface ServiceOptions {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** The user that runs the child; by default, the stack's own user. */
  user?: { uid: number; gid: number };
  stopSignal: "SIGINT" | "SIGTERM";
  /** Returns arguments and variables that may differ from one start to the next. Called before each; must not throw. */
  beforeStart?(): Pick<ServiceOptions, "args" | "env">;
  /** Matches the line of output that reports readiness. A first group, if any, matches the child's address. */
  ready: RegExp;
  /** Whether a child that ends by itself is not started again. */
  once?: boolean;
  /** Matches lines that are not worth printing. */
  quiet?: RegExp;
  log: Log;
}

/** A supervised child. It is restarted with growing pauses whenever it ends, until `stop` is called. */
export interface Service {
  /** Process id of the running child. */
  readonly pid: number | undefined;
  /** The address that the running child has reported; undefined while the child restarts. */
  readonly address: string | undefined;
  /** Ends the child and starts it again without a pause. */
  restart(): void;
  /** Ends the child. Resolves when the process has ended. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** A child that ran for this long counts as healthy, so the next pause is short again. */
const HEALTHY_AFTER_MS = 10_000;
const FORCE_KILL_AFTER_MS = 10_000;

/** Starts a child and resolves when it is ready. Rejects when it ends before it is ready. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const stopping = new AbortController();
  let isRestarting = false;
  let child = spawn(options);
  let address = await readyLine(child, options);
  const supervised = superviseFrom();

  async function superviseFrom(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    let startedAt = Date.now();
    for (;;) {
      const { exitCode, signal } = await child;
      address = undefined;
      if (stopping.signal.aborted || options.once) return;
      if (isRestarting) {
        isRestarting = false;
        child = respawn();
        continue;
      }
      pause = Date.now() - startedAt > HEALTHY_AFTER_MS ? FIRST_PAUSE_MS : pause;
      options.log(options.name, `ended (${signal ?? exitCode}); starts again in ${pause} ms`);
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      startedAt = Date.now();
      child = respawn();
    }
  }

  function respawn(): Child {
    const next = spawn(options);
    readyLine(next, options).then((told) => {
      address = told;
      options.log(options.name, "runs again");
    }, () => {});
    return next;
  }

  return {
    get pid() {
      return child.pid;
    },
    get address() {
      return address;
    },
    restart() {
      isRestarting = true;
      child.kill(options.stopSignal);
    },
    async stop() {
      stopping.abort();
      child.kill(options.stopSignal);
      await supervised;
    },
  };
}

type Child = ResultPromise<{ reject: false; buffer: false; all: true; stdin: "pipe" }>;

function spawn(options: ServiceOptions): Child {
  const { args = [], env = {} } = options.beforeStart?.() ?? {};
  return execa(options.command, [...args, ...options.args], {
    // In a process group of its own, the child does not receive Ctrl-C. The supervisor stops its children in order.
    detached: true,
    // Our own programs end when this pipe closes, also after a kill of the supervisor. The next start stops Postgres.
    stdin: "pipe",
    all: true,
    buffer: false,
    reject: false,
    forceKillAfterDelay: FORCE_KILL_AFTER_MS,
    env: { ...options.env, ...env, PARLEY_SUPERVISED: "1" },
    ...options.user,
  });
}

function readyLine(child: Child, options: ServiceOptions): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: child.all }).on("line", (line) => {
      const told = options.ready.exec(line);
      if (told) resolve(told[1]);
      if (lines.push(line) > 20) lines.shift();
      if (!options.quiet?.test(line)) options.log(options.name, line);
    });
    child.then(({ message }) =>
      reject(
        new Error(`${options.name} did not start: ${message ?? "it ended"}\n${lines.join("\n")}`),
      )
    );
  });
}
