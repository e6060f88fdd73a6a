import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Behaviour } from "@parley/openai-emulator/control/behaviour.ts";
import { execa } from "execa";
import pg from "pg";
import { vi } from "vitest";
import { SUPERUSER } from "../../local/postgres/names.ts";
import type { StackStatus } from "../../local/stack/status.ts";
import {
  childOf,
  freshEnvironment,
  isAlive,
  type OwnStack,
  spawnStack,
} from "../helpers/own-stack.ts";
import { PACE } from "../helpers/scenario.ts";
import type { Part } from "./plan-rounds.ts";

const FROZEN_MS = 1_500;
const PROGRAMS = {
  postgres: "postgres",
  functions: "functions-server",
  openai: "openai-emulator/main",
  stripe: "stripe-emulator/main",
} as const satisfies Record<Exclude<Part, "gateway">, string>;

/** A stack of its own whose parts may be killed and frozen. Its state stays. */
export class StruckStack implements AsyncDisposable {
  readonly database: pg.Pool;
  readonly #environment: Record<string, string>;
  readonly #parts: AsyncDisposableStack;
  #stack: OwnStack;
  #status: StackStatus;
  #behaviour: Behaviour = PACE;

  private constructor(
    environment: Record<string, string>,
    parts: AsyncDisposableStack,
    stack: OwnStack,
    status: StackStatus,
  ) {
    this.#environment = environment;
    this.#parts = parts;
    this.#stack = stack;
    this.#status = status;
    // The clock's changes must not touch `updated_at`, and only a superuser may switch triggers off.
    const url = new URL(status.DB_URL);
    url.username = SUPERUSER;
    this.database = new pg.Pool({ connectionString: url.href, max: 4 });
    // Connections break when Postgres does, even idle ones. The next query opens another.
    this.database.on("error", () => {});
    this.database.on("connect", (client) => client.on("error", () => {}));
    parts.defer(() => this.database.end());
  }

  static async start(): Promise<StruckStack> {
    const parts = new AsyncDisposableStack();
    const atEnd = (undo: () => Promise<void>) => parts.defer(undo);
    const environment = await freshEnvironment(atEnd);
    const stack = spawnStack(environment, atEnd);
    const struck = new StruckStack(environment, parts, stack, await stack.ready());
    await struck.behave({});
    return struck;
  }

  /** The current addresses of the parts; they change when the stack starts again. */
  get status(): StackStatus {
    return this.#status;
  }

  /** The stack's output since it was last started. */
  get lines(): readonly string[] {
    return this.#stack.lines;
  }

  /** Freezes a part for a while. */
  async freeze(part: Part): Promise<void> {
    const pids = await this.#processesOf(part);
    for (const pid of pids) signal(pid, "SIGSTOP");
    await delay(FROZEN_MS);
    for (const pid of pids) signal(pid, "SIGCONT");
  }

  /** Kills a part. Calls `onDeath` at once, and resolves when all parts run again. */
  async kill(part: Part, onDeath: () => void): Promise<void> {
    const [pid = 0] = await this.#processesOf(part);
    signal(pid, "SIGKILL");
    onDeath();
    if (part === "gateway") {
      await this.#stack.ended;
      this.#stack = spawnStack(this.#environment, (undo) => this.#parts.defer(undo));
      this.#status = await this.#stack.ready();
    }
    await vi.waitFor(() => this.#command(), { timeout: 20_000 });
  }

  /** Sets what OpenAI does besides writing at the usual pace. A killed emulator does the same when it runs again. */
  async behave(behaviour: Behaviour): Promise<void> {
    this.#behaviour = { ...PACE, ...behaviour };
    await this.#command();
  }

  /** Tells the emulator its behaviour, which it forgets when it ends. */
  async #command(): Promise<void> {
    await this.control(this.#status.OPENAI_BASE_URL, "PUT", "behaviour", this.#behaviour);
  }

  /** Resolves once the Stripe emulator has saved an object, so that it survives being killed. */
  async writtenByStripe(id: string): Promise<void> {
    const file = path.join(this.#environment.PARLEY_STATE_DIR ?? "", "stripe.json");
    await vi.waitFor(async () => {
      if (!(await readFile(file, "utf8")).includes(id)) throw new Error("not written yet");
    }, { timeout: 10_000 });
  }

  /** Calls a function as the scheduler does. */
  async runSchedule(path: string): Promise<void> {
    const response = await fetch(`${this.#status.FUNCTIONS_URL}/${path}`, {
      method: "POST",
      headers: { apikey: this.#status.SECRET_KEY },
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Sends a command to an emulator. Throws if the emulator refuses it. */
  async control(
    url: string | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<unknown> {
    const response = await fetch(new URL(`/_emulator/${path}`, url), {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }

  /**
   * Returns the processes of a part. Postgres' child processes continue when only the first one is frozen, so all
   * count.
   */
  async #processesOf(part: Part): Promise<number[]> {
    if (part === "gateway") return [this.#stack.pid];
    const pid = await childOf(this.#stack.pid, PROGRAMS[part]);
    if (part !== "postgres") return [pid];
    const { stdout } = await execa("pgrep", ["-P", String(pid)]);
    return [pid, ...stdout.split("\n").map(Number)];
  }
}

/** Sends a signal to a process, which may have ended in the meantime. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    if (isAlive(pid)) throw new Error(`${pid} takes no ${name}`);
  }
}
