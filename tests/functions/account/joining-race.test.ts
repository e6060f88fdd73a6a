import { expect, test } from "vitest";
import { deleteAccount } from "../../helpers/account.ts";
import { raceBehind } from "../../helpers/race-behind.ts";
import { asPostgres, createUser } from "../../helpers/stack.ts";
import { createTeam, invite, ownersOf } from "../organizations/team.ts";

const LOCK = "select from public.organizations where id = $1 for update";

test.for([["before", 204, 404], ["after", 409, 200]] as const)(
  "an owner's deletion that comes %s a concurrent joining leaves a consistent organization",
  async ([order, left, joined]) => {
    const { id, owner } = await createTeam([]);
    const guest = await createUser();
    const token = await invite(owner, guest);
    const leave = async () => (await deleteAccount(owner)).status;
    const join = async () => (await guest.client.rpc("accept_invitation", { token })).status;

    const statuses = await raceBehind(
      LOCK,
      [id],
      order === "before" ? [leave, join] : [join, leave],
    );

    expect(statuses).toEqual(order === "before" ? [left, joined] : [joined, left]);
    expect(await ownersOf(id)).toEqual(order === "before" ? [] : [owner.profileId]);
    expect(await asPostgres("select from public.organizations where id = $1", [id]))
      .toHaveLength(order === "before" ? 0 : 1);
  },
);
