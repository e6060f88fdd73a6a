import { asPostgres, createUser, must, type TestUser } from "../../helpers/stack.ts";

/** An organization with its owner and members. */
export interface Team {
  id: string;
  owner: TestUser;
  members: TestUser[];
}

/** Creates an organization; a user for each of `roles` joins it by invitation, in this order. */
export async function createTeam(roles: ("admin" | "member")[]): Promise<Team> {
  const owner = await createUser();
  const { id } = must(await owner.client.rpc("create_organization", { name: "Team" }));
  const members: TestUser[] = [];
  for (const role of roles) {
    const member = await createUser();
    must(
      await member.client.rpc("accept_invitation", { token: await invite(owner, member, role) }),
    );
    members.push(member);
  }
  return { id, owner, members };
}

/** Invites a user and returns the token that the mail would carry. */
export async function invite(by: TestUser, user: TestUser, role = "member"): Promise<string> {
  const args = { email: user.email.toUpperCase(), role };
  return must(await by.client.rpc("invite_member", args).single()).token;
}

/** Returns the ids of the profiles that own an organization. */
export async function ownersOf(organizationId: string): Promise<string[]> {
  const rows = await asPostgres<{ id: string }>(
    "select id from public.profiles where organization_id = $1 and organization_role = 'owner'",
    [organizationId],
  );
  return rows.map(({ id }) => id);
}
