import { expect, test } from "vitest";
import { raceBehind } from "../../helpers/race-behind.ts";
import { asPostgres, createTestClient, createUser, must } from "../../helpers/stack.ts";
import { createTeam, invite } from "./team.ts";

test("an invited user joins, and sees the organization and its members' names", async () => {
  const { id, owner, members: [member] } = await createTeam(["member"]);
  must(await owner.client.from("profiles").update({ user_name: "Ada" }).eq("id", owner.profileId));

  expect(must(await member!.client.from("organizations").select("id, name"))).toEqual([
    { id, name: "Team" },
  ]);
  expect(must(await member!.client.rpc("list_members"))).toEqual([
    expect.objectContaining({ user_name: "Ada", role: "owner", email: null }),
    expect.objectContaining({ profile_id: member!.profileId, role: "member" }),
  ]);
  const stranger = await createUser();
  expect(must(await stranger.client.from("organizations").select())).toEqual([]);
  const anonymous = await createTestClient().from("organizations").select();
  expect(anonymous.error?.code).toBe("42501");
});

const LOCK_ORGANIZATION = "select from public.organizations where id = $1 for update";

test("of two users who redeem one invitation at once, only the invited one joins", async () => {
  const { id, owner } = await createTeam([]);
  const [guest, thief] = [await createUser(), await createUser()];
  const token = await invite(owner, guest);

  const [first, second] = await raceBehind(LOCK_ORGANIZATION, [id], [
    () => thief.client.rpc("accept_invitation", { token }),
    () => guest.client.rpc("accept_invitation", { token }),
  ]);

  expect(first).toMatchObject({ status: 403, error: { message: "invitation_for_other_email" } });
  expect(second).toMatchObject({ status: 200, data: { id } });
  const thiefs = must(await thief.client.from("profiles").select("organization_id").single());
  expect(thiefs.organization_id).toBeNull();
});

test("an invitation that is redeemed five times at once admits once", async () => {
  const { id, owner } = await createTeam([]);
  const guest = await createUser();
  const token = await invite(owner, guest);

  const results = await raceBehind(
    LOCK_ORGANIZATION,
    [id],
    Array.from({ length: 5 }, () => () => guest.client.rpc("accept_invitation", { token })),
  );

  expect(results.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
});

test("a user who accepts two invitations at once joins one organization", async () => {
  const [first, second] = [await createTeam([]), await createTeam([])];
  const guest = await createUser();
  const tokens = [await invite(first.owner, guest), await invite(second.owner, guest)];

  const results = await raceBehind(
    "select from public.profiles where id = $1 for update",
    [guest.profileId],
    tokens.map((token) => () => guest.client.rpc("accept_invitation", { token })),
  );

  expect(results.map(({ status }) => status).sort()).toEqual([200, 409]);
  const open = await asPostgres(
    "select from public.organization_invitations where email = lower($1)",
    [guest.email],
  );
  // The refused attempt has not used up the other invitation.
  expect(open).toHaveLength(1);
});

test("a user who creates two organizations at once gets one", async () => {
  const user = await createUser();

  const results = await raceBehind(
    "select from public.profiles where id = $1 for update",
    [user.profileId],
    ["One", "Two"].map((name) => () => user.client.rpc("create_organization", { name })),
  );

  expect(results.map(({ error }) => error?.message).sort()).toEqual(["already_member", undefined]);
  expect(must(await user.client.from("organizations").select())).toHaveLength(1);
});

test("guessed, replayed and revoked tokens are refused", async () => {
  const { owner } = await createTeam([]);
  const [guest, other] = [await createUser(), await createUser()];
  const token = await invite(owner, guest);
  const [invitation] = must(await owner.client.rpc("list_invitations"));
  const again = must(
    await owner.client.rpc("resend_invitation", { invitation_id: invitation!.invitation_id })
      .single(),
  );
  const accept = async (user: typeof guest, token: string) => {
    const { status, error } = await user.client.rpc("accept_invitation", { token });
    return [status, error?.message];
  };

  for (const guess of [token, token.slice(1), "", "%", "'; --", "x".repeat(10_000)]) {
    expect(await accept(guest, guess)).toEqual([404, "invitation_not_found"]);
  }
  expect(await accept(guest, again.token)).toEqual([200, undefined]);
  expect(await accept(other, again.token)).toEqual([404, "invitation_not_found"]);
  must(await guest.client.rpc("leave_organization"));
  expect(await accept(guest, again.token)).toEqual([404, "invitation_not_found"]);
});

test("of two concurrent invitations, the hundredth is sent and the next one is refused", async () => {
  const { id, owner, members: [admin] } = await createTeam(["admin"]);
  await asPostgres(
    `insert into public.organization_invitations (organization_id, email, role, token_hash)
     select $1, n || '@example.com', 'member', private.hash_token(gen_random_uuid()::text)
     from generate_series(1, 99) n`,
    [id],
  );

  const results = await raceBehind(
    LOCK_ORGANIZATION,
    [id],
    [owner, admin!].map(({ client, email }) => () =>
      client.rpc("invite_member", { email: `guest-of-${email}` })
    ),
  );

  expect(results.map(({ error }) => error?.message).sort()).toEqual([
    "too_many_invitations",
    undefined,
  ]);
});
