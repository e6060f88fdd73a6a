import type { Calls } from "./calls.ts";
import type { Organization, RpcResult } from "./database.ts";

/** A member of the caller's organization. */
export type Member = RpcResult<"list_members">[number];
/** An invitation that is open or has expired. */
export type Invitation = RpcResult<"list_invitations">[number];
/** A new invitation. Your app sends the token to the address; nobody can read it again. */
export type NewInvitation = RpcResult<"invite_member">[number];
/** A new token of an invitation. */
export type RenewedInvitation = RpcResult<"resend_invitation">[number];
/** What a member used in a month. */
export type MemberUsage = RpcResult<"organization_usage">[number];
/** The role of a member who is not the owner. */
export type MemberRole = "admin" | "member";

/** The organization of the caller, and its members. `billing` takes `for: "organization"`. */
export interface Organizations {
  /**
   * Reads the caller's organization; null without one.
   *
   * @example
   * const organization = await parley.organizations.get();
   */
  get(): Promise<Organization | null>;
  /**
   * Creates an organization, of which the caller is the owner.
   *
   * @example
   * await parley.organizations.create("Rain Ltd");
   */
  create(name: string): Promise<Organization>;
  /**
   * Renames the organization.
   *
   * @example
   * await parley.organizations.rename("Sun Ltd");
   */
  rename(name: string): Promise<Organization>;
  /**
   * Deletes the organization. Its members stay as users.
   *
   * @example
   * await parley.organizations.delete();
   */
  delete(): Promise<void>;
  /**
   * Leaves the organization.
   *
   * @example
   * await parley.organizations.leave();
   */
  leave(): Promise<void>;
  /**
   * Lists the members: the owner first, then admins, then members.
   *
   * @example
   * const members = await parley.organizations.members();
   */
  members(): Promise<Member[]>;
  /**
   * Removes a member.
   *
   * @example
   * await parley.organizations.removeMember("00000000-0000-4000-8000-000000000000");
   */
  removeMember(memberId: string): Promise<void>;
  /**
   * Makes a member an admin, or an admin a member.
   *
   * @example
   * await parley.organizations.setRole("00000000-0000-4000-8000-000000000000", "admin");
   */
  setRole(memberId: string, role: MemberRole): Promise<void>;
  /**
   * Makes a member the owner. The caller becomes an admin.
   *
   * @example
   * await parley.organizations.transfer("00000000-0000-4000-8000-000000000000");
   */
  transfer(memberId: string): Promise<void>;
  /**
   * Lists the invitations that nobody has accepted.
   *
   * @example
   * const open = await parley.organizations.invitations();
   */
  invitations(): Promise<Invitation[]>;
  /**
   * Invites an address. Your app sends it the token.
   *
   * @example
   * const { token } = await parley.organizations.invite("ada@example.com");
   */
  invite(email: string, role?: MemberRole): Promise<NewInvitation>;
  /**
   * Gives an invitation a new token and another week.
   *
   * @example
   * const { token } = await parley.organizations.resend("00000000-0000-4000-8000-000000000000");
   */
  resend(invitationId: string): Promise<RenewedInvitation>;
  /**
   * Deletes an invitation.
   *
   * @example
   * await parley.organizations.revoke("00000000-0000-4000-8000-000000000000");
   */
  revoke(invitationId: string): Promise<void>;
  /**
   * Joins the organization that invited the caller's confirmed address.
   *
   * @example
   * await parley.organizations.accept("token");
   */
  accept(token: string): Promise<Organization>;
  /**
   * Reads what each member used in the UTC month of a date (`YYYY-MM-DD`), by default in the current month.
   *
   * @example
   * const usage = await parley.organizations.usage("2026-11-01");
   */
  usage(month?: string): Promise<MemberUsage[]>;
  /**
   * Limits what the members may cost together in a UTC month, in US dollars. Null removes the limit.
   *
   * @example
   * await parley.organizations.setBudget(50);
   */
  setBudget(monthlyBudget: number | null): Promise<Organization>;
}

/** Creates `parley.organizations`. */
export function createOrganizations({ supabase, query, queryOrNull }: Calls): Organizations {
  const done = async (run: Parameters<typeof queryOrNull<unknown>>[0]) =>
    void await queryOrNull(run);
  return {
    get: () => queryOrNull(() => supabase.from("organizations").select().maybeSingle()),
    create: (name) => query(() => supabase.rpc("create_organization", { name })),
    rename: (name) => query(() => supabase.rpc("rename_organization", { name })),
    delete: () => done(() => supabase.rpc("delete_organization")),
    leave: () => done(() => supabase.rpc("leave_organization")),
    members: () => query(() => supabase.rpc("list_members")),
    removeMember: (member_id) => done(() => supabase.rpc("remove_member", { member_id })),
    setRole: (member_id, role) => done(() => supabase.rpc("set_member_role", { member_id, role })),
    transfer: (member_id) => done(() => supabase.rpc("transfer_ownership", { member_id })),
    invitations: () => query(() => supabase.rpc("list_invitations")),
    invite: (email, role = "member") =>
      query(() => supabase.rpc("invite_member", { email, role }).single()),
    resend: (invitation_id) =>
      query(() => supabase.rpc("resend_invitation", { invitation_id }).single()),
    revoke: (invitation_id) => done(() => supabase.rpc("revoke_invitation", { invitation_id })),
    accept: (token) => query(() => supabase.rpc("accept_invitation", { token })),
    usage: (month) =>
      query(() => supabase.rpc("organization_usage", month === undefined ? {} : { month })),
    setBudget: (monthly_budget) =>
      query(() => supabase.rpc("set_organization_budget", { monthly_budget })),
  };
}
