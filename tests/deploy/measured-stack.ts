import { stripVTControlCharacters } from "node:util";
import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect } from "vitest";
import type { Database } from "../../types/database.ts";
import type { SharedStack } from "../helpers/own-stack.ts";

/** What the requests of one piece of work have used at most. */
export interface Measured {
  what: string;
  requests: number;
  cpuMs: number;
  seconds: number;
  mebibytes: number;
}

/** A user with a session. */
export interface LimitedUser {
  profileId: string;
  sessionId: string;
  accessToken: string;
}

const LINE =
  /^limits +([\w-]+): \w+ (\S+?)(?:: (\d+) ms CPU, ([\d.]+) s, (\d+) MiB| was ended: .*)$/;

/** A stack whose functions have hosted limits, and the use of their requests. */
export class MeasuredStack {
  readonly #own: SharedStack;
  readonly table: Measured[] = [];

  constructor(own: SharedStack) {
    this.#own = own;
  }

  /**
   * Does some work and adds what its requests to one function have used to the table. Waits until as many requests have
   * ended, with their background work. Fails when one of them exceeds a limit.
   */
  async measure<Result>(
    what: string,
    { name, requests }: { name: string; requests: number | ((result: Result) => number) },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const from = this.#own.stack.lines.length;
    const result = await work().catch((cause) => {
      throw new Error(`${what}:\n${this.#own.stack.lines.slice(from).join("\n")}`, { cause });
    });
    const wanted = typeof requests === "number" ? requests : requests(result);
    const read = () =>
      this.#own.stack.lines.slice(from).map(stripVTControlCharacters).flatMap((line) => {
        const found = LINE.exec(line);
        return found?.[1] === name ? [found] : [];
      });
    await expect.poll(() => read().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(wanted);
    const found = read();
    expect(found.flatMap(([line, , , cpu]) => cpu === undefined ? [line] : [])).toEqual([]);
    const most = (index: number) => Math.max(...found.map((match) => Number(match[index])));
    const row = { cpuMs: most(3), seconds: most(4), mebibytes: most(5) };
    this.table.push({ what, requests: found.length, ...row });
    return result;
  }

  /** Signs up a user with a session. */
  async createUser(): Promise<LimitedUser> {
    const { API_URL, PUBLISHABLE_KEY } = this.#own.status;
    const client = createClient<Database>(API_URL, PUBLISHABLE_KEY, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const email = `user-${crypto.randomUUID()}@example.com`;
    const { data: { session } } = await client.auth.signUp({
      email,
      password: crypto.randomUUID(),
    });
    const { data } = await client.from("chat_sessions").insert({ assistant_slug: "coach" })
      .select("id, user_id").single().throwOnError();
    const accessToken = session?.access_token ?? "";
    return { profileId: data.user_id, sessionId: data.id, accessToken };
  }

  /** Requests a function as a user, or as the schedule. Returns the body of the reply; throws if it was refused. */
  async call(route: string, user: LimitedUser | null, init: RequestInit = {}): Promise<string> {
    const { FUNCTIONS_URL, SECRET_KEY } = this.#own.status;
    const headers: Record<string, string> = user
      ? { authorization: `Bearer ${user.accessToken}` }
      : { apikey: SECRET_KEY };
    // On a busy machine, the server may close an idle connection in the moment in which the client uses it again.
    headers["connection"] = "close";
    if (typeof init.body === "string") headers["content-type"] = "application/json";
    const response = await fetch(`${FUNCTIONS_URL}/${route}`, { ...init, headers });
    const text = await response.text();
    expect(response.ok, `${route}: ${text.slice(0, 500)}`).toBe(true);
    return text;
  }

  /** Sends a message and reads the reply to its end. */
  chat(user: LimitedUser): Promise<string> {
    const body = JSON.stringify({ session_id: user.sessionId, content: "Hello, how are you?" });
    return this.call("chat", user, { method: "POST", body });
  }

  /** Sends a command to an emulator. */
  async command(
    emulator: "OPENAI_BASE_URL" | "STRIPE_API_URL",
    method: string,
    path: string,
    body: object,
  ): Promise<void> {
    const response = await fetch(new URL(`/_emulator/${path}`, this.#own.status[emulator]), {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Runs SQL as `postgres`. */
  async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    const database = new pg.Client(this.#own.status.DB_URL);
    await database.connect();
    try {
      return (await database.query<Row>(text, values)).rows;
    } finally {
      await database.end();
    }
  }

  /** Formats the table for docs/scale.md. */
  toString(): string {
    const rows = this.table.map(({ what, requests, cpuMs, seconds, mebibytes }) =>
      `| ${what} | ${requests} | ${cpuMs} ms | ${seconds.toFixed(1)} s | ${mebibytes} MiB |`
    );
    return [
      "| what | requests | most CPU | longest | most memory |",
      "| --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  }
}
