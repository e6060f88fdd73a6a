import { createClient } from "@supabase/supabase-js";
import { expectTypeOf, test } from "vitest";
import type { Database } from "../../../types/client-database.ts";
import type { SharedChat, UsageReply, UserPage } from "../../../types/api.ts";

const offline = () => Promise.resolve(Response.json([], { status: 200 }));
const supabase = createClient<Database>("http://127.0.0.1:1", "key", {
  global: { fetch: offline },
});

test("a client may do these", async () => {
  const { data: chats } = await supabase.from("chat_sessions").select("id, title, visibility");
  expectTypeOf<NonNullable<typeof chats>[number]>().toEqualTypeOf<
    { id: string; title: string | null; visibility: "private" | "public" }
  >();
  const { data: messages } = await supabase.from("chat_messages").select("sender, status");
  expectTypeOf<NonNullable<typeof messages>[number]["status"]>().toEqualTypeOf<
    "streaming" | "complete" | "stopped" | "failed"
  >();
  const { data: joined } = await supabase.from("chat_sessions").select("id, assistants (name)");
  expectTypeOf<NonNullable<typeof joined>[number]["assistants"]>().toEqualTypeOf<
    { name: string }
  >();
  await supabase.from("chat_sessions").insert({ assistant_slug: "coach", title: "Plans" });
  await supabase.from("chat_sessions").update({ title: "Plans" }).eq("id", "a");
  await supabase.from("profiles").update({ user_name: "Kim" }).eq("id", "a");
  await supabase.rpc("set_organization_budget", { monthly_budget: null });

  const usage = await supabase.rpc("get_my_usage");
  expectTypeOf<NonNullable<typeof usage.data>>().toEqualTypeOf<UsageReply>();
  const shared = await supabase.rpc("get_shared_chat", { token: "t" });
  expectTypeOf<typeof shared.data>().toEqualTypeOf<SharedChat | null>();
  const users = await supabase.rpc("admin_list_users");
  expectTypeOf<NonNullable<typeof users.data>>().toEqualTypeOf<UserPage>();
  const members = await supabase.rpc("list_members");
  expectTypeOf<NonNullable<typeof members.data>[number]["email"]>().toEqualTypeOf<string | null>();
  const visibility = await supabase.rpc("set_chat_visibility", {
    session_id: "s",
    visibility: "public",
  });
  expectTypeOf<typeof visibility.data>().toEqualTypeOf<string | null>();
});

test("a client may not do these, so they do not compile", async () => {
  // @ts-expect-error: only the service may call it.
  await supabase.rpc("apply_stripe_objects", { event_id: "", ticket: 1, objects: [] });
  // @ts-expect-error: only an admin RPC changes roles.
  await supabase.from("profiles").update({ role: "admin" }).eq("id", "a");
  // @ts-expect-error: only the server writes messages.
  await supabase.from("chat_messages").insert({ content: "Hello" });
  // @ts-expect-error: no client may read this table.
  await supabase.from("stripe_events").select();
  // @ts-expect-error: the owner follows from the token.
  await supabase.from("chat_sessions").insert({ assistant_slug: "coach", user_id: "a" });
  // @ts-expect-error: no such visibility.
  await supabase.rpc("set_chat_visibility", { session_id: "s", visibility: "secret" });
  // @ts-expect-error: only a transfer makes an owner.
  await supabase.rpc("set_member_role", { member_id: "m", role: "owner" });
});
