import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { test } from "vitest";
import type { Database } from "../../../types/database.ts";
import { join } from "../../helpers/live-device.ts";
import { childOf, stackOfFile } from "../../helpers/own-stack.ts";
import { must } from "../../helpers/stack.ts";

const shared = stackOfFile({ PARLEY_SCHEDULER: "off" });

test("a client hears again after the server was killed", async () => {
  const { stack, status } = shared();
  const client = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  must(await client.auth.signUp({ email: `${randomUUID()}@example.com`, password: randomUUID() }));
  const profile = must(await client.from("profiles").select("id").single());
  const joined = await join(client, `user:${profile.id}`);
  await joined.reached("SUBSCRIBED");

  const again = stack.nextLine(/realtime.* runs again/);
  process.kill(await childOf(stack.pid, "realtime-server"), "SIGKILL");
  await again;
  await joined.reached("SUBSCRIBED", 2);
  must(await client.from("chat_sessions").insert({ assistant_slug: "coach" }));

  await joined.heard("chat_created");
});
