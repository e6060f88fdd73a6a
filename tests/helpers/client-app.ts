import { createClient } from "@supabase/supabase-js";
import {
  createParley,
  type Database,
  type Parley,
  type ParleySupabase,
} from "../../packages/client/src/index.ts";
import { must, stack, type TestUser } from "./stack.ts";

/** A device of a user that runs an app on the client package. */
export interface App {
  parley: Parley;
  supabase: ParleySupabase;
}

/** Returns the client package for nobody yet, at the gateway of the stack or at a proxy in front of it. */
export function openVisitor(url: string = stack.API_URL, fetch?: typeof globalThis.fetch): App {
  const supabase = createClient<Database>(url, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { ...(fetch && { fetch }) },
  });
  return { parley: createParley(supabase), supabase };
}

/** Signs a user in on another device. */
export async function openApp(
  { email, password }: TestUser,
  url?: string,
  fetch?: typeof globalThis.fetch,
): Promise<App> {
  const app = openVisitor(url, fetch);
  must(await app.supabase.auth.signInWithPassword({ email, password }));
  return app;
}
