import type { SupabaseContext } from "@supabase/server";
import {
  createAdminClient,
  createContextClient,
  resolveEnv,
  verifyAuth,
} from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { MiddlewareHandler } from "hono";
import type { Database } from "../../../types/database.ts";
import type { FunctionEnv } from "./context.ts";
import { limitedFetch } from "./limited-fetch.ts";

type Callers = NonNullable<Parameters<typeof verifyAuth>[1]["auth"]>;
type Verified = NonNullable<Awaited<ReturnType<typeof verifyAuth>>["data"]>;

const supabaseOptions = { global: { fetch: limitedFetch } };

/** The variables and the client with the secret key, which are the same for all requests of an isolate. */
let shared: ReturnType<typeof openShared> | undefined;

/** Names the session of the caller's token to the database: `private.require_named_sign_in` looks whether it exists. */
const SIGN_IN_HEADER = "x-parley-sign-in";

/**
 * Admits these callers and refuses all others. Adds database clients to the request's context whose calls end after a
 * time limit.
 */
export function allow(auth: Callers): MiddlewareHandler<FunctionEnv> {
  return async (c, next) => {
    const { env, supabaseAdmin } = shared ??= openShared();
    const { data, error } = await verifyAuth(c.req.raw, { auth, env });
    if (error) throw error;
    c.set("supabaseContext", createContext(data, supabaseAdmin));
    await next();
  };
}

function openShared() {
  const { data, error } = resolveEnv();
  if (error) throw error;
  return { env: data, supabaseAdmin: createAdminClient<Database>({ supabaseOptions }) };
}

/**
 * Creates the client of the caller only for functions that use it: most work with the secret key alone. The client
 * with the secret key names the caller's sign-in, so that a token stops working when the user signs out.
 */
function createContext(
  { authMode, token, keyName, userClaims, jwtClaims }: Verified,
  shared: SupabaseClient<Database>,
): SupabaseContext<Database> {
  let own: SupabaseClient<Database> | undefined;
  const supabaseAdmin = jwtClaims ? createNamingAdmin(jwtClaims.session_id) : shared;
  return {
    get supabase() {
      return own ??= createContextClient<Database>({
        auth: { token, keyName: authMode === "publishable" ? keyName : undefined },
        supabaseOptions,
      });
    },
    supabaseAdmin,
    userClaims,
    jwtClaims,
    authMode,
    authKeyName: keyName ?? undefined,
  };
}

function createNamingAdmin(sessionId: unknown): SupabaseClient<Database> {
  const headers = { [SIGN_IN_HEADER]: typeof sessionId === "string" ? sessionId : "" };
  return createAdminClient<Database>({
    supabaseOptions: { global: { fetch: limitedFetch, headers } },
  });
}
