import { randomBytes, randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import pg from "pg";
import type { Database } from "../../types/database.ts";
import { takeStack } from "./ask-host.ts";

/** A typed client of the stack under test. */
export type Client = SupabaseClient<Database>;

/** A signed-up user, acting through the public API only. */
export interface TestUser {
  client: Client;
  /** Id in auth.users. */
  authId: string;
  /** Id of the profile. */
  profileId: string;
  email: string;
  password: string;
  accessToken: string;
}

/** Addresses and keys of the stack under test, and its state directory with its keys and its log. */
export const { status: stack, stateDir } = await takeStack();

/** Returns a client that keeps its session in memory. It is anonymous until it signs in. */
export function createTestClient(key: string = stack.PUBLISHABLE_KEY): Client {
  return createClient<Database>(stack.API_URL, key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

/** Signs up a new user, as a client app would. */
export async function createUser(metadata: Record<string, unknown> = {}): Promise<TestUser> {
  const client = createTestClient();
  const email = `user-${randomUUID()}@example.com`;
  const password = randomBytes(18).toString("base64url");
  const { session, user } = must(
    await client.auth.signUp({ email, password, options: { data: metadata } }),
  );
  if (!session || !user) throw new Error("sign-up gave no session");
  const profile = must(await client.from("profiles").select("id").single());
  const accessToken = session.access_token;
  return { client, authId: user.id, profileId: profile.id, email, password, accessToken };
}

/** Creates a session of a user and returns its id. */
export async function createSession(user: TestUser, assistant = "coach"): Promise<string> {
  const insert = user.client.from("chat_sessions").insert({ assistant_slug: assistant });
  return must(await insert.select("id").single()).id;
}

/** A worker of the test run keeps its connections: opening one costs more than most queries. */
const database = new pg.Pool({
  connectionString: stack.DB_URL,
  max: 4,
  idleTimeoutMillis: 5_000,
  allowExitOnIdle: true,
});
// Postgres may end an idle connection, when a test restarts it for one.
database.on("error", () => {});

/** Runs SQL as `postgres`. Use it to prepare and to check; the act under test goes through the public API. */
export async function asPostgres<Row extends pg.QueryResultRow>(
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await database.query<Row>(text, values)).rows;
}

/** Deletes the rows of an object without the Storage API, which leaves its bytes. */
export async function deleteObjectRow(bucket: string, name: string): Promise<void> {
  const client = await database.connect();
  try {
    await client.query("begin");
    await client.query("set local storage.allow_delete_query = 'true'");
    await client.query("delete from storage.objects where bucket_id = $1 and name = $2", [
      bucket,
      name,
    ]);
    await client.query("commit");
  } finally {
    client.release();
  }
}

type Result = { data: unknown; error: { message: string } | null };

/** Returns the data of a call to Supabase. Throws its error. */
export function must<R extends Result>(result: R): Extract<R, { error: null }>["data"] {
  if (result.error) throw new Error(result.error.message, { cause: result.error });
  return result.data;
}
