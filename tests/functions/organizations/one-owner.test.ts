import { expect, test } from "vitest";
import { raceBehind } from "../../helpers/race-behind.ts";
import {
  asPostgres,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { createTeam, invite, ownersOf } from "./team.ts";

const LOCK_OWNER = "select from public.profiles where id = $1 for update";

test("an owner who transfers to two members at once makes one of them the owner", async () => {
  const { id, owner, members: [first, second] } = await createTeam(["admin", "member"]);
  const transfer = ({ profileId }: TestUser) => () =>
    owner.client.rpc("transfer_ownership", { member_id: profileId });

  const results = await raceBehind(LOCK_OWNER, [owner.profileId], [
    transfer(first!),
    transfer(second!),
  ]);

  expect(results.map(({ status }) => status).sort()).toEqual([204, 403]);
  const owners = await ownersOf(id);
  expect(owners).toHaveLength(1);
  expect([first!.profileId, second!.profileId]).toContain(owners[0]);
});

const ORDERS = ["before", "after"] as const;

test.for(ORDERS)(
  "an account that is deleted just %s a transfer leaves one owner",
  async (order) => {
    const { id, owner, members: [first, second] } = await createTeam(["admin", "member"]);
    const { admin } = createTestClient(stack.SECRET_KEY).auth;
    const remove = () => admin.deleteUser(owner.authId);
    const transfer = () => owner.client.rpc("transfer_ownership", { member_id: second!.profileId });

    const results = await raceBehind<{ error: { message: string } | null }>(
      LOCK_OWNER,
      [owner.profileId],
      order === "before" ? [remove, transfer] : [transfer, remove],
    );

    expect(results.map(({ error }) => error?.message ?? null)).toEqual(
      order === "before" ? [null, "account_blocked"] : [null, null],
    );
    expect(await ownersOf(id)).toEqual([(order === "before" ? first! : second!).profileId]);
  },
);

test("a deleted owner's organization goes to another member, and is deleted with the last one", async () => {
  const { id, owner, members: [member, boss] } = await createTeam(["member", "admin"]);
  const { admin } = createTestClient(stack.SECRET_KEY).auth;

  must(await admin.deleteUser(owner.authId));
  expect(await ownersOf(id)).toEqual([boss!.profileId]);
  await asPostgres("delete from auth.users where id = $1", [boss!.authId]);
  expect(await ownersOf(id)).toEqual([member!.profileId]);
  must(await admin.deleteUser(member!.authId));
  expect(await asPostgres("select from public.organizations where id = $1", [id])).toEqual([]);
});

test.for(ORDERS)("a deletion of the only member just %s another joins is safe", async (order) => {
  const { id, owner } = await createTeam([]);
  const guest = await createUser();
  const token = await invite(owner, guest);
  const { admin } = createTestClient(stack.SECRET_KEY).auth;
  const remove = () => admin.deleteUser(owner.authId);
  const accept = () => guest.client.rpc("accept_invitation", { token });

  const results = await raceBehind<{ error: { message: string } | null }>(
    "select from public.organizations where id = $1 for update",
    [id],
    order === "before" ? [remove, accept] : [accept, remove],
  );

  expect(results.map(({ error }) => error?.message ?? null)).toEqual(
    order === "before" ? [null, "invitation_not_found"] : [null, null],
  );
  const seen = must(await guest.client.from("organizations").select("id"));
  expect(seen).toEqual(order === "before" ? [] : [{ id }]);
  expect(await ownersOf(id)).toEqual(order === "before" ? [] : [guest.profileId]);
});

test("concurrent actions of all members leave exactly one owner at every moment", async () => {
  const { id, owner, members } = await createTeam(["admin", "member", "member"]);
  const everybody = [owner, ...members];
  let isOver = false;
  const watching = (async () => {
    const seen = new Set<number>();
    while (!isOver) seen.add((await ownersOf(id)).length);
    return [...seen];
  })();

  const outcomes = new Set<number>();
  await Promise.all(everybody.map(async (user, index) => {
    for (let round = 0; round < 25; round += 1) {
      const other = everybody[(index + 1 + round) % everybody.length]!;
      outcomes.add((await act(user, other, round + index)).status);
    }
  }));
  isOver = true;

  expect(await watching).toEqual([1]);
  // No deadlock, no constraint that fails only at commit, and no other server error.
  expect([...outcomes].filter((status) => ![200, 204, 403, 404, 409].includes(status))).toEqual([]);
  expect(outcomes).toContain(204);
});

async function act(user: TestUser, other: TestUser, choice: number): Promise<{ status: number }> {
  const member_id = other.profileId;
  switch (choice % 6) {
    case 0:
    case 1:
      return await user.client.rpc("transfer_ownership", { member_id });
    case 2:
      return await user.client.rpc("leave_organization");
    case 3:
      return await user.client.rpc("remove_member", { member_id });
    case 4:
      return await user.client.rpc("set_member_role", { member_id, role: "admin" });
    default:
      return await rejoin(user, other);
  }
}

/** Invites a user, who may have left before, and accepts the invitation for them. */
async function rejoin(user: TestUser, other: TestUser): Promise<{ status: number }> {
  const token = await invite(user, other).catch(() => "none");
  return await other.client.rpc("accept_invitation", { token });
}
