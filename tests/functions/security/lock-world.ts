import { asPostgres, createUser, type TestUser } from "../../helpers/stack.ts";
import { createTeam, type Team } from "../organizations/team.ts";

/** An organization with an owner, an admin and a member, and what the calls of a round change. */
export class LockWorld {
  sessionId = "";
  turnId = "";
  lookoutId = "";
  invitationId = "";

  readonly organizationId: string;
  owner: TestUser;
  readonly admin: TestUser;
  readonly member: TestUser;
  /** An admin of the product, outside the organization. */
  readonly operator: TestUser;

  private constructor({ id, owner, members: [admin, member] }: Team, operator: TestUser) {
    if (!admin || !member) throw new Error("the team has no members");
    this.organizationId = id;
    this.owner = owner;
    this.admin = admin;
    this.member = member;
    this.operator = operator;
  }

  static async create(): Promise<LockWorld> {
    const world = new LockWorld(await createTeam(["admin", "member"]), await createUser());
    await asPostgres("update profiles set role = 'admin' where id = $1", [
      world.operator.profileId,
    ]);
    return world;
  }

  /** Restores the organization and the limits, and gives the member a new chat and a new lookout. */
  async reset({ isOwnerUsedUp }: { isOwnerUsedUp: boolean }): Promise<void> {
    if (isOwnerUsedUp) this.owner = await createUser();
    const { organizationId, owner, admin, member } = this;
    // One transaction: the organization has an owner at its end, and never two.
    await asPostgres(`
      delete from private.rate_counters;
      delete from usage_counters where user_id = '${member.profileId}';
      delete from lookouts where user_id = '${member.profileId}';
      delete from organization_invitations where organization_id = '${organizationId}';
      insert into organizations (id, name) values ('${organizationId}', 'Team') on conflict (id) do nothing;
      update profiles set organization_id = null where organization_id = '${organizationId}';
      update profiles set organization_id = '${organizationId}', organization_role = roles.role, is_active = true
      from (values ('${owner.profileId}'::uuid, 'owner'), ('${admin.profileId}', 'admin'),
        ('${member.profileId}', 'member')) as roles (id, role)
      where profiles.id = roles.id;
    `);
    const [made] = await asPostgres<{ session: string; lookout: string; invitation: string }>(
      `with session as (
         insert into chat_sessions (user_id, assistant_slug) values ($1, 'coach') returning id
       ),
       invitation as (
         insert into organization_invitations (organization_id, email, role, token_hash, invited_by)
         values ($3, 'somebody@example.com', 'member', sha256(gen_random_uuid()::text::bytea), $4) returning id
       )
       select session.id as session, invitation.id as invitation, l.id as lookout
       from session, invitation, create_lookout(
         $2, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day'
       ) l`,
      [member.profileId, member.authId, organizationId, admin.profileId],
    );
    this.turnId = "";
    this.sessionId = made?.session ?? "";
    this.lookoutId = made?.lookout ?? "";
    this.invitationId = made?.invitation ?? "";
  }

  /** Starts a turn in the member's chat, unless one has been started in this round. */
  async startTurn(): Promise<void> {
    if (this.turnId !== "") return;
    const [turn] = await asPostgres<{ id: string }>(
      `select start_turn($1, $2, 'question', 'Hello', '[{"type": "text", "text": "Hello"}]') ->> 'turn_id' as id`,
      [this.member.authId, this.sessionId],
    );
    this.turnId = turn?.id ?? "";
  }
}
