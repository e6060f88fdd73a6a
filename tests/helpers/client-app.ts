import { createClient } from "@supabase/supabase-js";
import { AbstractChat } from "ai";
import {
  createParley,
  type Database,
  type Parley,
  type ParleyMessage,
  type ParleySupabase,
} from "../../packages/client/src/index.ts";
import { must, stack, type TestUser } from "./stack.ts";
import { MemoryState } from "./test-chat.ts";

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

/** The core of `useChat` on the transport of an app. */
export class AppChat extends AbstractChat<ParleyMessage> {
  constructor({ parley }: Pick<App, "parley">, id: string, messages: ParleyMessage[] = []) {
    super({ id, state: new MemoryState(messages), transport: parley.chat.transport() });
  }

  /** The text of the reply so far. */
  get reply(): string {
    return this.messages[1]?.parts.map((part) => part.type === "text" ? part.text : "").join("") ??
      "";
  }
}
