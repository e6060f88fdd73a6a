import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
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

/** A stack of its own whose parts may be killed and frozen; its state outlives them all. */
export class StruckStack implements AsyncDisposable {
  readonly database: pg.Pool;
  readonly #environment: Record<string, string>;
  readonly #parts: AsyncDisposableStack;
  #stack: OwnStack;
  #status: StackStatus;

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
    // What is touched is to stay old: only a superuser may switch triggers off.
    const url = new URL(status.DB_URL);
    url.username = SUPERUSER;
    this.database = new pg.Pool({ connectionString: url.href, max: 4 });
    // Connections break when Postgres does, idle or not; the next query opens another.
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
    await struck.setPace();
    return struck;
  }

  /** Where the parts are now: a stack that starts again has others. */
  get status(): StackStatus {
    return this.#status;
  }

  /** What the stack has said since it was last started. */
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

  /** Kills a part; `onDeath` is called at once, and all is up again when it resolves. */
  async kill(part: Part, onDeath: () => void): Promise<void> {
    const [pid = 0] = await this.#processesOf(part);
    signal(pid, "SIGKILL");
    onDeath();
    if (part === "gateway") {
      await this.#stack.ended;
      this.#stack = spawnStack(this.#environment, (undo) => this.#parts.defer(undo));
      this.#status = await this.#stack.ready();
    }
    await vi.waitFor(() => this.setPace(), { timeout: 20_000 });
  }

  /** The emulator forgets its pace when it ends. */
  async setPace(): Promise<void> {
    await this.control(this.#status.OPENAI_BASE_URL, "PUT", "behaviour", PACE);
  }

  /** Resolves when the Stripe emulator would still know of something after it was killed. */
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

  /** Commands an emulator. Throws what it refuses. */
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

  /** Postgres' own processes go on when the first one is frozen. */
  async #processesOf(part: Part): Promise<number[]> {
    if (part === "gateway") return [this.#stack.pid];
    const pid = await childOf(this.#stack.pid, PROGRAMS[part]);
    if (part !== "postgres") return [pid];
    const { stdout } = await execa("pgrep", ["-P", String(pid)]);
    return [pid, ...stdout.split("\n").map(Number)];
  }
}

/** A process may have ended by itself in the meantime. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    if (isAlive(pid)) throw new Error(`${pid} takes no ${name}`);
  }
}
