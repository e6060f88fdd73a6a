import { expect, test } from "vitest";
import { createUser, must } from "../../helpers/stack.ts";
import { createTeam, ownersOf } from "./team.ts";

const { id, owner, members: [admin, member] } = await createTeam(["admin", "member"]);
const rivals = await createTeam(["admin"]);

test.for<[string, Record<string, unknown>]>([
  ["role", { organization_role: "owner" }],
  ["organization", { organization_id: rivals.id }],
  ["date", { organization_joined_at: "2000-01-01" }],
])("a member cannot write %s in their own profile", async ([, change]) => {
  const update = { user_name: "Me", ...change };
  const { error } = await member!.client.from("profiles").update(update)
    .eq("id", member!.profileId);

  expect(error?.code).toBe("42501");
});

test("clients cannot write any table of organizations", async () => {
  const client = owner.client;
  const organizations = client.from("organizations");
  const invitations = client.from("organization_invitations");

  const results = [
    await organizations.update({ name: "Mine" }).eq("id", id),
    await organizations.insert({ name: "Mine" }),
    await organizations.delete().eq("id", id),
    await invitations.insert({
      organization_id: id,
      email: "x@example.com",
      role: "admin",
      token_hash: "\\x00",
    }),
    await invitations.select("token_hash"),
  ];

  expect(results.map(({ error }) => error?.code)).toEqual(Array(5).fill("42501"));
});

test("a member or an admin cannot become the owner by their own call", async () => {
  for (const user of [admin!, member!]) {
    for (const member_id of [user.profileId, owner.profileId]) {
      const results = [
        await user.client.rpc("transfer_ownership", { member_id }),
        await user.client.rpc("set_member_role", { member_id, role: "owner" }),
        await user.client.rpc("remove_member", { member_id: owner.profileId }),
        await user.client.rpc("delete_organization"),
      ];
      expect(results.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    }
  }
  expect(await ownersOf(id)).toEqual([owner.profileId]);
});

test("the owner and admins of another organization cannot change members of this one", async () => {
  for (const user of [rivals.owner, rivals.members[0]!]) {
    const { error } = await user.client.rpc("remove_member", { member_id: member!.profileId });
    expect(error).toMatchObject({ code: "PT404", message: "member_not_found" });
  }
  const { error } = await rivals.owner.client.rpc("transfer_ownership", {
    member_id: admin!.profileId,
  });
  expect(error).toMatchObject({ code: "PT404", message: "member_not_found" });
});

test("a removed member loses all rights at once, whatever the token says", async () => {
  const { owner, members: [former] } = await createTeam(["admin"]);
  must(await owner.client.rpc("remove_member", { member_id: former!.profileId }));

  const guest = await createUser();
  const { error } = await former!.client.rpc("invite_member", { email: guest.email });
  expect(error).toMatchObject({ code: "PT404", message: "organization_not_found" });
  expect(must(await former!.client.from("organizations").select())).toEqual([]);
});
