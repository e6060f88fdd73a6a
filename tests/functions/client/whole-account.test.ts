import { expect, test } from "vitest";
import { openApp, openVisitor } from "../../helpers/client-app.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const page = "http://localhost:3000/";

test("a user buys a plan and opens the portal", async () => {
  const { parley } = await openApp(await createUser());
  const products = await openVisitor().parley.billing.products();
  const price = products.find(({ plan }) => plan !== null)?.prices[0];

  const { url } = await parley.billing.checkout({
    priceId: price?.id ?? "",
    successUrl: page,
    cancelUrl: page,
  });

  expect(url).toMatch(/^http/);
  expect(await parley.billing.subscription()).toMatchObject({ plan: "free", subscription: null });
  expect((await parley.plans()).map(({ slug }) => slug)).toContain("free");
  expect(await parley.usage()).toMatchObject({ plan: "free", monthly_messages: { used: 0 } });
  expect((await parley.assistants()).map(({ slug }) => slug)).toContain("coach");
  expect(await parley.health()).toMatchObject({ status: "ok" });
  expect((await parley.billing.portal({ returnUrl: page })).url).toMatch(/^http/);
});

test("an organization is founded, joined, passed on and left", async () => {
  const owner = await createUser();
  const guest = await createUser();
  const { organizations } = (await openApp(owner)).parley;
  const joining = (await openApp(guest)).parley.organizations;

  await organizations.create("Rain");
  expect(await organizations.rename("Sun")).toMatchObject({ name: "Sun" });
  const { invitation_id } = await organizations.invite(guest.email);
  expect(await organizations.invitations()).toMatchObject([{ invitation_id, role: "member" }]);
  const { token } = await organizations.resend(invitation_id);
  expect(await joining.accept(token)).toMatchObject({ name: "Sun" });
  const { invitation_id: other } = await organizations.invite("ada@example.com", "admin");
  await organizations.revoke(other);
  expect(await organizations.invitations()).toEqual([]);

  await organizations.setRole(guest.profileId, "admin");
  expect((await joining.members()).map(({ role }) => role)).toEqual(["owner", "admin"]);
  expect(await organizations.setBudget(50)).toMatchObject({ monthly_budget: 50 });
  expect(await organizations.usage()).toHaveLength(2);
  await organizations.transfer(guest.profileId);
  await joining.removeMember(owner.profileId);
  expect(await organizations.get()).toBeNull();
  await joining.delete();
  expect(await joining.get()).toBeNull();
});

test("a lookout is created, changed, run and deleted", async () => {
  const { parley } = await openApp(await createUser());
  const { lookouts } = parley;
  const { id } = await lookouts.create({
    title: "News",
    prompt: "What is new?",
    assistant_slug: "coach",
    frequency: "daily",
    time: "08:30",
    timezone: "Europe/London",
  });
  expect(await lookouts.update(id, { time: "09:00" })).toMatchObject({ id, status: "active" });
  expect(await lookouts.list()).toHaveLength(1);
  const run = await lookouts.run(id);
  expect(await lookouts.runs(id)).toMatchObject([{ id: run.id }]);
  await lookouts.delete(id);
  expect(await lookouts.list()).toEqual([]);
});

test("an account is handed to another app, exported and deleted", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  const { account } = (await openApp(user)).parley;
  expect(await account.profile()).toMatchObject({ id: user.profileId, email: user.email });

  const { code } = await account.createCode({ theme: "dark" });
  const other = openVisitor();
  const { access_token, refresh_token, session_data } = await other.parley.account.redeemCode(code);
  await other.supabase.auth.setSession({ access_token, refresh_token });
  expect(session_data).toEqual({ theme: "dark" });
  expect(await other.parley.sessions.get(sessionId)).toMatchObject({ id: sessionId });

  const chats: unknown[] = [];
  for await (const part of account.export()) chats.push(...part.chat_sessions ?? []);
  expect(chats).toMatchObject([{ id: sessionId }]);
  await account.delete();
  const { error } = await other.supabase.auth.signInWithPassword(user);
  expect(other.parley.errors.read(error).code).toBe("invalid_credentials");
});
