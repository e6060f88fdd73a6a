import { setTimeout as delay } from "node:timers/promises";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import pRetry, { AbortError } from "p-retry";
import { ErrorReply, RedirectReply } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { type ReadOptions, type ReadReply, readReply, ReplyError } from "./read-reply.ts";

/** The addresses and the key of a stack. */
export interface Site {
  API_URL: string;
  PUBLISHABLE_KEY: string;
}

/** A message that the server has answered with 200. */
export interface AcceptedMessage {
  sessionId: string;
  clientId: string;
  content: string;
}

/** A request that the server refused or failed; `status` is 0 if there was no response. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

const POLL_MS = 250;
const REQUEST_MS = 12_000;
/** Codes of refusals that are worth a retry. */
const PASSING = new Set(["turn_in_progress", "file_not_ready"]);

/**
 * A person with a client app. It knows only what a client can know. If a request fails, it retries for as long as
 * `patience` (milliseconds) lasts; without patience it throws the first failure.
 */
export class LoadUser {
  /** Messages that must be in the database, whatever happens. */
  readonly accepted: AcceptedMessage[] = [];
  readonly #client: SupabaseClient<Database>;
  readonly #credentials: { email: string; password: string };
  readonly #functionsUrl: string;
  readonly #patience: number;
  #accessToken = "";

  private constructor(site: Site, patience: number) {
    this.#client = createClient<Database>(site.API_URL, site.PUBLISHABLE_KEY, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { fetch: (input, init) => fetch(input, { ...init, ...limitOf(patience) }) },
    });
    this.#functionsUrl = `${site.API_URL}/functions/v1`;
    this.#patience = patience;
    const email = `user-${crypto.randomUUID()}@example.com`;
    this.#credentials = { email, password: crypto.randomUUID() };
  }

  get email(): string {
    return this.#credentials.email;
  }

  static async signUp(site: Site, patience = 0): Promise<LoadUser> {
    const user = new LoadUser(site, patience);
    const { error } = await user.#client.auth.signUp(user.#credentials);
    if (error) throw error;
    await user.signIn();
    return user;
  }

  async signIn(): Promise<void> {
    await this.#persist(async () => {
      const { data, error } = await this.#client.auth.signInWithPassword(this.#credentials);
      if (error) throw new RequestError(error.status ?? 0, error.code ?? error.name);
      this.#accessToken = data.session.access_token;
    });
  }

  createSession(): Promise<string> {
    // The client chooses the id, so that a retry does not create a second session.
    const id = crypto.randomUUID();
    return this.#persist(async () => {
      const session = { id, assistant_slug: "coach" };
      const { error } = await this.#client.from("chat_sessions").insert(session);
      if (error && error.code !== "23505") throw asRequestError(error);
      return id;
    });
  }

  listSessions() {
    return this.#persist(async () =>
      must(
        await this.#client.from("chat_sessions").select("id, title, updated_at")
          .order("updated_at", { ascending: false }).limit(50),
      )
    );
  }

  listMessages(sessionId: string) {
    return this.#persist(async () =>
      must(
        await this.#client.from("chat_messages").select("id, client_id, sender, status, content")
          .eq("session_id", sessionId).order("seq", { ascending: false }).limit(50),
      )
    );
  }

  async deleteSession(sessionId: string): Promise<void> {
    await this.#persist(async () => {
      must(await this.#client.from("chat_sessions").delete().eq("id", sessionId));
    });
    const left = this.accepted.filter((message) => message.sessionId !== sessionId);
    this.accepted.splice(0, Infinity, ...left);
  }

  /** Sends a message and reads the reply to its end. If it fails or breaks off, the same id is sent again. */
  send(
    sessionId: string,
    content: string,
    { fileIds = [], ...options }: ReadOptions & { fileIds?: string[] } = {},
  ): Promise<ReadReply | null> {
    const clientId = crypto.randomUUID();
    return this.#persist(async () => {
      const body = { session_id: sessionId, content, message_id: clientId, file_ids: fileIds };
      const response = await this.#post("chat", body);
      if (!this.accepted.some((message) => message.clientId === clientId)) {
        this.accepted.push({ sessionId, clientId, content });
      }
      return await readBody(response, options);
    });
  }

  /** Joins the running reply; null if there is none. */
  resume(sessionId: string): Promise<ReadReply | null> {
    return this.#persist(async () => {
      const response = await this.#fetch(`chat/${sessionId}/stream`);
      return response.status === 204 ? null : await readBody(response);
    });
  }

  /** Asks for another reply to the last message. A retry joins the running reply. */
  regenerate(sessionId: string): Promise<ReadReply | null> {
    const trigger = "regenerate-message";
    return this.#persist(async () =>
      await readBody(await this.#post("chat", { id: sessionId, messages: [], trigger }))
    );
  }

  /** Stops the running turn; returns whether there was one. */
  stop(sessionId: string): Promise<boolean> {
    return this.#persist(async () =>
      (await this.#fetch(`chat/${sessionId}/stop`, { method: "POST" })).status === 200
    );
  }

  /** Uploads a text and waits until it is ready. Resolves with its id. */
  upload(sessionId: string, name: string, text: string): Promise<string> {
    return this.#persist(async () => {
      const form = new FormData();
      form.set("session_id", sessionId);
      form.set("file", new File([text], name));
      const response = await this.#fetch("files", { method: "POST", body: form });
      const { id } = await response.json();
      await this.#indexed(id);
      return id;
    });
  }

  /** Opens a checkout. Resolves with its id at Stripe. */
  openCheckout(priceId: string): Promise<string> {
    return this.#persist(async () => {
      const response = await this.#post("billing/checkout", {
        price_id: priceId,
        success_url: "http://localhost:3000/done",
        cancel_url: "http://localhost:3000/plans",
      });
      const { url } = RedirectReply.parse(await response.json());
      return new URL(url).pathname.split("/").at(-1) ?? "";
    });
  }

  readPlan(): Promise<string> {
    return this.#persist(async () =>
      must(await this.#client.from("profiles").select("subscription_plan").single())
        .subscription_plan
    );
  }

  async #indexed(fileId: string): Promise<void> {
    for (;;) {
      const query = this.#client.from("chat_files").select("status, error").eq("id", fileId);
      const { status } = must(await query.single());
      if (status === "ready") return;
      if (status === "failed") throw new RequestError(503, "file_failed");
      await delay(POLL_MS);
    }
  }

  #post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return this.#fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
    const headers = { ...init.headers, authorization: `Bearer ${this.#accessToken}` };
    const options = { ...init, headers, ...limitOf(this.#patience) };
    const response = await fetch(`${this.#functionsUrl}/${path}`, options);
    if (response.ok) return response;
    const { code } = ErrorReply.catch(NO_REPLY).parse(await response.json().catch(() => null));
    throw new RequestError(response.status, code);
  }

  #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#patience === 0) return work();
    return pRetry(async () => {
      try {
        return await work();
      } catch (error) {
        // p-retry treats a TypeError as a programming error, but a body that breaks off is one, too.
        if (error instanceof TypeError) throw new RequestError(0, error.message);
        throw isFinal(error) ? new AbortError(error) : error;
      }
    }, {
      retries: Infinity,
      minTimeout: 200,
      maxTimeout: 1_000,
      maxRetryTime: this.#patience,
      shouldRetry: () => true,
    });
  }
}

/** Returns a time limit for a request, so that a client that retries does not wait forever for a response. */
function limitOf(patience: number): { signal?: AbortSignal } {
  return patience > 0 ? { signal: AbortSignal.timeout(REQUEST_MS) } : {};
}

const NO_REPLY: ErrorReply = { code: "unreadable", message: "", details: null, hint: null };

/** Tells whether a retry cannot change this refusal. */
function isFinal(error: unknown): error is RequestError {
  return error instanceof RequestError && error.status >= 400 && error.status < 500 &&
    error.status !== 408 && error.status !== 429 && !PASSING.has(error.code);
}

async function readBody(response: Response, options?: ReadOptions): Promise<ReadReply | null> {
  if (!response.body) throw new ReplyError("no_body");
  return await readReply(response.body, options);
}

function asRequestError({ code, message }: { code: string; message: string }): RequestError {
  return new RequestError(0, code || message);
}

type Result = { data: unknown; error: { code: string; message: string } | null };

function must<R extends Result>(result: R): Extract<R, { error: null }>["data"] {
  if (result.error) throw asRequestError(result.error);
  return result.data;
}
