import { createClient } from "@supabase/supabase-js";
import type { Database } from "../../../types/database.ts";
import {
  asPostgres,
  type Client,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";

/** Signs up a user and makes the account an admin. */
export async function createAdmin(): Promise<TestUser> {
  const user = await createUser();
  await asPostgres("select private.setup_admin($1)", [user.email]);
  return user;
}

/** Demotes all admins that other tests have made. */
export async function removeAdmins(): Promise<void> {
  await asPostgres("update public.profiles set role = 'user' where role = 'admin'");
}

/** Returns a client of a signed-in user whose requests come from this IP address. */
export function clientFrom(user: TestUser, address: string): Client {
  return createClient<Database>(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    accessToken: () => Promise.resolve(user.accessToken),
    global: { headers: { "x-forwarded-for": address } },
  });
}

/** Returns a user's role, as the user sees it. */
export async function roleOf(user: TestUser): Promise<string> {
  return must(await user.client.from("profiles").select("role").single()).role;
}
