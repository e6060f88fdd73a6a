// The package has a method for each route and each RPC that an app calls as a user or a visitor.
import { readFile } from "node:fs/promises";
import { createClient } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import { createParley, type Database } from "../../../packages/client/src/index.ts";
import { routes } from "../../../types/routes.ts";

const ID = "00000000-0000-4000-8000-000000000000";
/** RPCs for admins, and those that another way of the package stands for. */
const OTHERS = [
  "ensure_profile", // Functions create a missing profile by themselves.
  "export_account", // account.export, by the function.
  "issue_bridge_token", // account.createCode, by the function.
  "request_account_deletion", // account.delete, by the function.
  "get_user_activity_summary", // For apps that use log_activity, by supabase-js.
  "log_activity",
];

/** Calls everything that the package has, and returns the requests as `METHOD path`. */
async function callEverything(): Promise<Set<string>> {
  const requests = new Set<string>();
  const supabase = createClient<Database>("http://127.0.0.1:1", "sb_publishable_x", {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => {
        const { pathname } = new URL(String(input));
        const path = pathname.replace(/^\/functions\/v1/, "");
        requests.add(`${init?.method} ${path.replaceAll(ID, ":id")}`);
        if (path.startsWith("/chat")) return Promise.resolve(new Response(null, { status: 204 }));
        return Promise.resolve(Response.json({ id: ID, next: null, products: [] }));
      },
    },
  });
  const parley = createParley(supabase);
  const { account, billing, chat, files, lookouts, organizations, sessions } = parley;
  const page = "http://localhost:3000/";
  const object = { session_id: ID, storage_path: "a/b" };
  const lookout = { title: "A", prompt: "B", assistant_slug: "c", timezone: "UTC" };
  await Promise.all([
    parley.health(),
    parley.usage(),
    chat.transport().sendMessages({
      trigger: "regenerate-message",
      chatId: ID,
      messageId: undefined,
      messages: [],
      abortSignal: undefined,
    }).catch(() => {}),
    chat.join(ID).next(),
    chat.stop(ID),
    files.register(object),
    files.retry(ID),
    files.remove(ID),
    account.export().next(),
    account.delete(),
    account.createCode(),
    account.redeemCode("code"),
    billing.products(),
    billing.subscription(),
    billing.checkout({ priceId: "price_1", successUrl: page, cancelUrl: page }),
    billing.portal({ returnUrl: page }),
    lookouts.create({ ...lookout, frequency: "daily", time: "09:00" }),
    lookouts.update(ID, { status: "paused" }),
    lookouts.run(ID),
    lookouts.delete(ID),
    sessions.share(ID),
    sessions.shared("token"),
    organizations.create("A"),
    organizations.rename("A"),
    organizations.delete(),
    organizations.leave(),
    organizations.members(),
    organizations.removeMember(ID),
    organizations.setRole(ID, "admin"),
    organizations.transfer(ID),
    organizations.invitations(),
    organizations.invite("a@example.com"),
    organizations.resend(ID),
    organizations.revoke(ID),
    organizations.accept("token"),
    organizations.usage(),
    organizations.setBudget(null),
  ]);
  return requests;
}

const requests = await callEverything();

test("each route that a user or a visitor may call has a method", () => {
  const expected = routes.filter(({ auth }) => ["user", "publishable", "none"].includes(auth))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ":id")}`);
  const called = [...requests].filter((request) => !request.includes("/rest/"));

  expect(called.toSorted()).toEqual(expected.toSorted());
});

test("each RPC of a user has a method, or is named here", async () => {
  const reference = await readFile("docs/reference/rpcs.md", "utf8");
  const names = Array.from(reference.matchAll(/^## (\w+)$/gm), ([, name = ""]) => name)
    .filter((name) => !name.startsWith("admin_") && name !== "get_user_stats");
  const called = [...requests].flatMap((request) => request.match(/\/rpc\/(\w+)$/)?.[1] ?? []);

  expect([...called, ...OTHERS].toSorted()).toEqual(names.toSorted());
});
