import { expect, test } from "vitest";
import * as z from "zod";
import { openChat } from "../../helpers/chat-client.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import { clientFrom, createAdmin } from "./make-admin.ts";

const Page = z.object({
  users: z.array(z.looseObject({ id: z.string(), email: z.string().nullable() })),
  total: z.number(),
  total_is_estimate: z.boolean(),
  total_pages: z.number(),
  current_page: z.number(),
  page_size: z.number(),
});
const Audit = z.object({
  entries: z.array(z.looseObject({ action: z.string() })),
  total: z.number(),
});

const admin = await createAdmin();
const users = await Promise.all(
  Array.from({ length: 5 }, (_, n) => createUser({ user_name: `Grace_${n} 100% "O'Hara" \\` })),
);

type Query = {
  page?: number;
  page_size?: number;
  search?: string;
  plan?: string;
  sort?: string;
  direction?: string;
};

async function list(query: Query) {
  return Page.parse(must(await admin.client.rpc("admin_list_users", query)));
}

test("users are listed in pages, with their total", async () => {
  const query = { search: "grace_", page_size: 2, sort: "user_name", direction: "asc" };
  const pages = await Promise.all([1, 2, 3].map((page) => list({ ...query, page })));

  expect(pages.flatMap(({ users }) => users.map(({ id }) => id))).toEqual(
    users.map(({ profileId }) => profileId),
  );
  expect(pages[0]).toMatchObject({
    total: 5,
    total_is_estimate: false,
    total_pages: 3,
    current_page: 1,
    page_size: 2,
  });
});

test.for([4, 1_000, 2_147_483_647])("page %i is beyond the last one, and empty", async (page) => {
  expect(await list({ search: "grace_", page_size: 2, page })).toMatchObject({
    users: [],
    total: 5,
    total_pages: 3,
    current_page: page,
  });
});

test.for<[string, number]>([
  ["grace_", 5],
  ["GRACE_1", 1],
  ["grace%", 0],
  ["gracex1", 0],
  ['100% "O\'Hara"', 5],
  ['" \\', 5],
  ["'; drop table profiles; --", 0],
  ["%' or true --", 0],
  ["x".repeat(10_000), 0],
  ["%_\\'\"".repeat(2_000), 0],
])("a search is literal text: %j finds %i", async ([search, total]) => {
  expect((await list({ search })).total).toBe(total);
});

test("a user is listed with activity and usage", async () => {
  const user = await createUser();
  await openChat(user, await createSession(user)).sendMessage({ text: "Hello" });

  const { users: [listed] } = await list({ search: user.email });

  expect(listed).toMatchObject({
    id: user.profileId,
    email: user.email,
    subscription_plan: "free",
    session_count: 1,
    // The sign-up and the turn.
    activity_count: 2,
    last_activity: expect.any(String),
  });
  expect(z.number().parse(listed!.request_count)).toBeGreaterThan(0);
  expect(z.number().parse(listed!.total_tokens)).toBeGreaterThan(0);
});

test("every action of an admin is in the audit log, with its IP address", async () => {
  const [user, elsewhere] = [await createUser(), clientFrom(admin, "203.0.113.7, 10.0.0.1")];
  const user_id = user.profileId;
  must(await elsewhere.rpc("admin_set_role", { user_id, role: "premium" }));
  must(await elsewhere.rpc("admin_grant_credits", { user_id, amount: 5 }));
  must(await clientFrom(admin, "unknown").rpc("admin_get_user", { user_id }));

  const { entries } = Audit.parse(must(await elsewhere.rpc("admin_list_audit", { user_id })));

  const common = { admin_id: admin.profileId, user_id };
  expect(entries).toMatchObject([
    { ...common, action: "admin_get_user", ip_address: null },
    {
      ...common,
      action: "admin_grant_credits",
      before: { tokens: 0, tokens_expires_at: null },
      after: { tokens: 5, tokens_expires_at: null },
      ip_address: "203.0.113.7",
    },
    {
      ...common,
      action: "admin_set_role",
      before: { role: "user" },
      after: { role: "premium" },
      ip_address: "203.0.113.7",
    },
  ]);
});

test("concurrent grants of credits all count", async () => {
  const user = await createUser();
  const user_id = user.profileId;

  const results = await Promise.all(
    Array.from(
      { length: 10 },
      () => admin.client.rpc("admin_grant_credits", { user_id, amount: 7 }),
    ),
  );

  results.forEach(must);
  expect(must(await user.client.from("profiles").select("tokens").single()).tokens).toBe(70);
});
