import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { deleteAccount, finishDeletions } from "../../helpers/account.ts";
import { openChat } from "../../helpers/chat-client.ts";
import { drain, uploadReady } from "../../helpers/files.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { buy, delivered, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { issue, postRedeem, redeem } from "../bridge/bridge-client.ts";
import { clearLookouts, due, make, runDue } from "../lookouts/lookouts-client.ts";
import { invite } from "../organizations/team.ts";
import { createAdmin, removeAdmins } from "../admin/make-admin.ts";
import { createFullUser, type FullUser } from "./full-user.ts";

afterEach(async () => {
  await resetOpenAI();
  await releaseEvents();
  await asPostgres("update private.billing_policy set custom_fields = '[]'");
});

/** What SECURITY.md and docs/accounts.md name as kept: what an invoice must say. */
const KEPT = ["public.payments"];

/** A user whose address, name and texts occur nowhere else. */
interface Marked {
  user: FullUser;
  name: string;
  text: string;
}

async function createMarked(): Promise<Marked> {
  await clearLookouts();
  const user = await createFullUser();
  const mark = randomUUID().slice(0, 13);
  const marked = { user, name: `Zebulon ${mark}`, text: `wombat ${mark}` };
  await chat(marked);
  await describe(marked);
  await pay(marked);
  await joinOthers(marked);
  await askAdmin(marked);
  return marked;
}

async function chat({ user, text }: Marked): Promise<void> {
  await behave({ reply: `You said ${text}.` });
  await openChat(user, user.sessionId).sendMessage({ text });
  await uploadReady(user, user.sessionId, `All about the ${text}.`, `${text}.md`);
  const lookout = await make(user, { title: text, prompt: `News of the ${text}?` });
  await due(lookout);
  await runDue();
  must(
    await user.client.from("chat_sessions").update({ title: text }).eq("id", user.sessionId)
      .select(),
  );
  must(
    await user.client.rpc("set_chat_visibility", {
      session_id: user.sessionId,
      visibility: "public",
    }),
  );
}

async function describe({ user, name, text }: Marked): Promise<void> {
  const { client, profileId, email } = user;
  const profile = { user_name: name, organization_name: name };
  must(await client.from("profiles").update(profile).eq("id", profileId).select());
  must(await client.auth.updateUser({ data: { full_name: name } }));
  must(await client.auth.updateUser({ email: `new-${email}` }));
  const instructions = { content: `I am ${name}. ${text}` };
  must(await client.from("custom_instructions").update(instructions).eq("user_id", profileId));
  must(await client.rpc("log_activity", { action: "wrote", data: { email, name, text } }));
  must(await client.rpc("rename_organization", { name: `Friends of ${name}` }));
  const code = await issue(user, { name, email });
  await redeem(code);
  expect((await postRedeem(code)).status).toBe(410);
}

/** Buys once more, with an answer to a question of the checkout. */
async function pay({ user, name, text }: Marked): Promise<void> {
  const field = {
    key: "team",
    label: { type: "custom", custom: "Team" },
    type: "text",
    optional: true,
  };
  await asPostgres("update private.billing_policy set custom_fields = $1", [
    JSON.stringify([field]),
  ]);
  await stripe.customers.update(user.customerId, { name, email: user.email });
  await stripe.subscriptions.cancel(user.subscriptionId, {
    cancellation_details: { comment: text },
  });
  await delivered(user.subscriptionId);
  const checkout = await buy(user, "price_parley_pro_monthly", { custom_fields: { team: name } });
  await delivered(checkout);
  await delivered(user.customerId);
}

async function joinOthers({ user }: Marked): Promise<void> {
  const owner = await createUser();
  must(await owner.client.rpc("create_organization", { name: "Others" }));
  await invite(owner, user);
  await invite(user, owner);
}

async function askAdmin({ user, name, text }: Marked): Promise<void> {
  const { client } = await createAdmin();
  const user_id = user.profileId;
  for (const search of [user.email, name, text]) {
    must(await client.rpc("admin_list_users", { search, plan: text }));
    must(await client.rpc("admin_list_audit", { action: search }));
  }
  must(await client.rpc("admin_get_user", { user_id }));
  must(await client.rpc("admin_add_note", { user_id, note: `${name}, ${user.email}: ${text}` }));
  must(await client.rpc("admin_set_active", { user_id, is_active: false }));
  must(await client.rpc("admin_set_active", { user_id, is_active: true }));
  must(await client.rpc("admin_grant_credits", { user_id, amount: 5 }));
  must(await client.rpc("admin_grant_plan", { user_id, plan: "enterprise" }));
  await removeAdmins();
}

/** Returns the tables of all schemas that have a row with one of these texts, and the texts. */
async function findLeft(texts: string[]): Promise<Record<string, string[]>> {
  const tables = await asPostgres<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^(pg_|information_schema)'
     order by 1`,
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await asPostgres<{ left: string }>(
      `select distinct wanted as left from ${name} t, unnest($1::text[]) as wanted
       where strpos(lower(t::text), lower(wanted)) > 0
         or strpos(encode(convert_to(lower(wanted), 'UTF8'), 'hex'), t::text) > 0`,
      [texts],
    );
    if (rows.length > 0) found[name] = rows.map(({ left }) => left);
  }
  return found;
}

async function cleanUpAll(user: TestUser & { customerId: string }): Promise<void> {
  await delivered(user.customerId);
  await drain();
  await finishDeletions();
  // Once more, as 15 minutes after the request.
  await asPostgres(
    "update private.account_deletions set requested_at = requested_at - interval '1 hour'",
  );
  await finishDeletions();
  await drain();
}

test.for(
  [
    ["by its user", async (user: TestUser) => expect((await deleteAccount(user)).status).toBe(204)],
    [
      "by SQL",
      ({ authId }: TestUser) => asPostgres("delete from auth.users where id = $1", [authId]),
    ],
  ] as const,
)("an account deleted %s leaves neither address nor name nor texts", {
  timeout: 90_000,
}, async ([, remove]) => {
  const { user, name, text } = await createMarked();
  const marks = [user.email, name, text];
  const before = await findLeft(marks);
  expect(before).toMatchObject({
    "auth.users": expect.arrayContaining([user.email, name]),
    "public.admin_notes": expect.arrayContaining(marks),
    "public.bridge_tokens": expect.arrayContaining([name]),
    "public.chat_messages": [text],
    "public.chat_files": [text],
    "public.custom_instructions": expect.arrayContaining([text]),
    "public.lookouts": [text],
    "public.organization_invitations": [user.email],
    "public.organizations": [name],
    "public.profiles": expect.arrayContaining([user.email, name]),
    "public.stripe_customers": expect.arrayContaining([user.email, name]),
    "public.subscriptions": expect.arrayContaining([name, text]),
    "public.user_activity": expect.arrayContaining(marks),
    "storage.objects": [text],
  });

  await remove(user);
  await cleanUpAll(user);

  const left = await findLeft(marks);
  for (const table of KEPT) delete left[table];
  expect(left).toEqual({});
});
