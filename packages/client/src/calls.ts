import { isDeadlock, ParleyError, readError, readResponse } from "./errors.ts";
import type { ParleySupabase } from "./database.ts";
import type { CallOptions } from "./options.ts";

/** A request to a function. */
export interface FunctionCall extends CallOptions {
  body?: FormData | object | undefined;
  headers?: Record<string, string> | undefined;
}

/** The result of a query of supabase-js. */
interface QueryResult<Data> {
  data: Data;
  error: { code: string } | null;
  status: number;
}

/** Calls functions and the database as the user. All failures are a `ParleyError`. */
export interface Calls {
  readonly supabase: ParleySupabase;
  /** Calls a function. Resolves with the parsed JSON, or with the `Response` of an event stream. */
  invoke<Reply>(method: Method, path: string, call?: FunctionCall): Promise<Reply>;
  /** Runs a query. `run` builds it, because it may run twice. */
  query<Data>(run: () => PromiseLike<QueryResult<Data>>): Promise<NonNullable<Data>>;
  /** Like `query`, for a result that may be null. */
  queryOrNull<Data>(run: () => PromiseLike<QueryResult<Data>>): Promise<Data>;
  /** Returns the id of the caller's profile. */
  profileId(): Promise<string>;
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Creates the calls of a client of supabase-js. */
export function createCalls(supabase: ParleySupabase): Calls {
  /** Renews the access token, for a server that found it expired. Resolves with false if that is not possible. */
  async function renew(): Promise<boolean> {
    try {
      const { data, error } = await supabase.auth.refreshSession();
      return !error && data.session !== null;
    } catch {
      return false; // A client with the option accessToken has no auth.
    }
  }

  async function invoke<Reply>(
    method: Method,
    path: string,
    { body, headers, signal }: FunctionCall = {},
  ): Promise<Reply> {
    const run = () =>
      supabase.functions.invoke<Reply>(path, {
        method,
        ...(body && { body }),
        ...(headers && { headers }),
        ...(signal && { signal }),
      });
    let { data, error, response } = await run();
    if (response?.status === 401 && await renew()) ({ data, error, response } = await run());
    if (!error) return data as Reply; // The route decides what a function answers.
    throw signal?.aborted || !response ? readError(error) : await readResponse(response);
  }

  async function queryOrNull<Data>(run: () => PromiseLike<QueryResult<Data>>): Promise<Data> {
    let result = await run();
    if (isDeadlock(result.error?.code)) result = await run();
    if (result.status === 401 && await renew()) result = await run();
    if (result.error) throw readError(result.error);
    return result.data;
  }

  async function query<Data>(run: () => PromiseLike<QueryResult<Data>>) {
    const data = await queryOrNull(run);
    if (data !== null && data !== undefined) return data;
    const message = "This does not exist or belongs to another user.";
    throw new ParleyError({ code: "not_found", message, status: 404, details: null });
  }

  async function profileId(): Promise<string> {
    return (await query(() => supabase.from("profiles").select("id").maybeSingle())).id;
  }

  return { supabase, invoke, query, queryOrNull, profileId };
}
