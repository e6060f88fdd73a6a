import { App } from "@supabase/lite";
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import { type QueryExecutorProvider, sql } from "kysely";
import type { StackKeys } from "../stack/keys.ts";
import { columnTypes } from "./column-types.ts";
import { EXPOSED_SCHEMAS, exposedOnly } from "./exposed-only.ts";
import { isKnownToLite, statusOf } from "./error-status.ts";

/** Options of a REST app. */
export interface LiteOptions {
  /** Connects as the superuser. Every request runs with the role of its token. */
  databaseUrl: string;
  /** The address of the stack for clients. */
  apiUrl: string;
  keys: StackKeys;
  /** The longest time that a statement may take. */
  statementTimeoutMs?: number;
}

/** An app of @supabase/lite, Supabase's own small REST and Auth server, on the stack's Postgres. */
export type LiteApp = ReturnType<typeof createLiteApp>;

/** PostgREST's row limit, the same as `max_rows` in config.toml. */
const MAX_ROWS = 1000;
const STATEMENT_TIMEOUT_MS = 8_000;

/** Creates an app. An app caches the schema: after a change, create a new app and close the old one. */
export function createLiteApp(options: LiteOptions) {
  return createApp(options, showExposedOnly(connect(options)));
}

function createApp({ apiUrl, keys }: LiteOptions, connection: PostgresConnection) {
  return new App({
    connection,
    api: {
      schemas: EXPOSED_SCHEMAS,
      extra_search_path: ["public", "extensions"],
      max_rows: MAX_ROWS,
    },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      publishable_key: keys.publishableKey,
      secret_key: keys.secretKey,
      site_url: apiUrl,
    },
    // The Supabase CLI owns the history of migrations.
    db: { migrations: { enabled: false } },
    studio: { enabled: false },
  });
}

/** Creates the tables of `auth` and `storage` that a Supabase project has before its first migration. */
export async function createSystemSchemas(options: LiteOptions): Promise<void> {
  // Uses an app of its own, because the driver caches array types for the life of a connection.
  const app = createApp(options, connect(options));
  await app.ensureSystemSchema();
  await app.connection.close();
}

function connect(
  { databaseUrl, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: LiteOptions,
): PostgresConnection {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: {
      max: 10,
      onnotice: () => {},
      connection: { statement_timeout: statementTimeoutMs },
      types: columnTypes,
    },
  });
  const normalize = connection.normalizeDbError.bind(connection);
  return Object.assign(connection, {
    // With another state, lite would grant everything on every table to the API roles at the first request.
    rlsState: "active",
    applyJwtSessionContext: (transaction: QueryExecutorProvider, { auth, storage }: Caller) =>
      setLocally(transaction, {
        "request.jwt.claim.sub": auth?.uid ?? "",
        "request.jwt.claim.role": auth?.role ?? "anon",
        ...(auth?.jwt && { "request.jwt.claims": JSON.stringify(auth.jwt) }),
        "storage.operation": storage?.operation ?? "",
        role: auth?.role ?? "anon",
      }),
    applyRpcRequestGucs: (transaction: QueryExecutorProvider, call: Call) =>
      setLocally(transaction, {
        "response.status": "",
        "response.headers": "",
        "request.method": call.method,
        "request.path": call.path,
        "request.headers": JSON.stringify(call.requestHeaders ?? {}),
      }, call.path.split("/").at(-1)),
    normalizeDbError: (error: unknown) => withPostgrestStatus(normalize(error)),
  });
}

/** Who makes a request, as lite passes it on. */
interface Caller {
  auth?: { role?: string; uid?: string; jwt?: object };
  storage?: { operation?: string };
}

/** The call of a function, as lite passes it on. */
interface Call {
  method: string;
  path: string;
  requestHeaders?: Record<string, string>;
}

/**
 * Sets settings for a transaction in one statement. lite uses one for each, eleven for the call of a function. A
 * function's own statement_timeout then holds for the transaction, as PostgREST has it since 12.2.
 * @see https://docs.postgrest.org/en/stable/references/transactions.html#function-settings
 */
async function setLocally(
  transaction: QueryExecutorProvider,
  settings: Record<string, string>,
  functionName?: string,
): Promise<void> {
  const calls = Object.entries(settings).map(([name, value]) =>
    sql`set_config(${name}, ${value}, true)`
  );
  if (functionName !== undefined) {
    calls.push(sql`(
      select max(set_config('statement_timeout', split_part(s.setting, '=', 2), true))
      from pg_proc p, unnest(p.proconfig) as s (setting)
      where p.pronamespace = 'public'::regnamespace and p.proname = ${functionName}
        and s.setting like 'statement_timeout=%'
    )`);
  }
  await sql`select ${sql.join(calls)}`.execute(transaction);
}

function showExposedOnly(connection: PostgresConnection): PostgresConnection {
  const introspect = connection.introspect.bind(connection);
  const seen = new WeakMap<object, ReturnType<typeof exposedOnly>>();
  return Object.assign(connection, {
    async introspect(options?: Parameters<typeof introspect>[0]) {
      const found = await introspect(options);
      // lite calls this at each request and returns the same object while its cache is valid.
      const exposed = seen.get(found) ?? exposedOnly(found);
      seen.set(found, exposed);
      return exposed;
    },
  });
}

/** Adds PostgREST's status to errors that lite would answer with 500, in lite's own form for a chosen status. */
function withPostgrestStatus(error: unknown): unknown {
  if (!isDatabaseError(error) || isKnownToLite(error.code)) return error;
  return {
    code: "PGRST",
    message: JSON.stringify({
      code: error.code,
      message: error.message,
      details: error.detail ?? null,
      hint: error.hint ?? null,
    }),
    detail: JSON.stringify({ status: statusOf(error.code), headers: {} }),
  };
}

interface DatabaseError {
  code: string;
  message: string;
  detail?: string | null;
  hint?: string | null;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return typeof error === "object" && error !== null && "code" in error &&
    typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code);
}
