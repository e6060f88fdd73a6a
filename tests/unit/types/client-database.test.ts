import { readFile } from "node:fs/promises";
import { createClient } from "@supabase/supabase-js";
import { expect, expectTypeOf, test } from "vitest";
import type { Database } from "../../../types/client-database.ts";
import type {
  AuditEntry,
  ErrorReply,
  ExportPage,
  SharedChat,
  UsageReply,
  UserPage,
} from "../../../types/client-results.ts";
import type { ReceivedErrorCode } from "../../../types/errors.ts";

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
  const { data: audit } = await supabase.rpc("admin_list_audit");
  expectTypeOf<NonNullable<typeof audit>["entries"]>().toEqualTypeOf<AuditEntry[]>();
  const { data: user } = await supabase.rpc("admin_get_user", { user_id: "a" });
  expectTypeOf<NonNullable<typeof user>["profile"]["role"]>().toEqualTypeOf<
    "user" | "premium" | "admin" | "banned"
  >();
  const page = await supabase.rpc("export_account", { section: "payments", after: null });
  expectTypeOf<NonNullable<typeof page.data>>().toEqualTypeOf<ExportPage>();
  const deletion = await supabase.rpc("request_account_deletion");
  expectTypeOf<NonNullable<typeof deletion.data>["stripe_customers"]>().toEqualTypeOf<string[]>();
  expectTypeOf<ErrorReply["code"]>().toEqualTypeOf<ReceivedErrorCode>();
  await supabase.from("chat_messages").update({ feedback: -1 }).eq("id", "a");
  await supabase.from("chat_messages").update({ feedback: null }).eq("id", "a");
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
  // @ts-expect-error: feedback is 1, -1 or null.
  await supabase.from("chat_messages").update({ feedback: 7 }).eq("id", "a");
  // @ts-expect-error: the text of a message never changes.
  await supabase.from("chat_messages").update({ content: "Hello" }).eq("id", "a");
  // @ts-expect-error: only an RPC shares a chat.
  await supabase.from("chat_sessions").update({ visibility: "public" }).eq("id", "a");
  // @ts-expect-error: only the server counts.
  await supabase.from("usage_counters").update({ count: 0 }).eq("feature", "turns");
  // @ts-expect-error: an export has no such section.
  await supabase.rpc("export_account", { section: "secrets" });
  // @ts-expect-error: no such visibility.
  await supabase.rpc("set_chat_visibility", { session_id: "s", visibility: "secret" });
  // @ts-expect-error: only a transfer makes an owner.
  await supabase.rpc("set_member_role", { member_id: "m", role: "owner" });
});

test("the types import no package, because an app would need it only for them", async () => {
  const seen = new Set<string>();
  const follow = async (url: URL): Promise<void> => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = await readFile(url, "utf8");
    const imported = [...text.matchAll(/from "([^"]+)"/g)].map(([, name = ""]) => name);
    expect(imported.filter((name) => !name.startsWith(".")), url.href).toEqual([]);
    await Promise.all(imported.map((name) => follow(new URL(name, url))));
  };
  await follow(new URL("../../../types/client-database.ts", import.meta.url));
  expect([...seen].some((file) => file.endsWith("/client-results.ts"))).toBe(true);
});
