import type { ErrorEntry } from "./entry.ts";

/** Errors of organizations: members and invitations. */
export const organizationErrors = {
  organization_not_found: {
    status: 404,
    meaning: "You are not a member of an organization.",
    action: "Create an organization or accept an invitation first.",
  },
  organization_without_owner: {
    status: 409,
    meaning: "An organization needs an owner.",
    action: "Transfer the ownership or delete the organization.",
  },
  already_member: {
    status: 409,
    meaning: "This user is already a member of an organization.",
    action: "Leave that organization first.",
  },
  not_allowed: {
    status: 403,
    meaning: "Your role does not allow this.",
    action: "Ask an owner or admin to do it.",
  },
  invalid_name: {
    status: 400,
    meaning: "The name must have between 1 and 200 characters.",
    action: "Enter another name.",
  },
  invalid_role: {
    status: 400,
    meaning: "This role does not exist.",
    action: "Choose one of the roles that the message names.",
  },
  invalid_email: {
    status: 400,
    meaning: "This is not a valid email address.",
    action: "Correct the address.",
  },
  too_many_invitations: {
    status: 409,
    meaning: "The organization has as many open invitations as it may.",
    action: "Revoke some, or wait until some are accepted.",
  },
  already_invited: {
    status: 409,
    meaning: "This address already has an open invitation.",
    action: "Resend that invitation or revoke it.",
  },
  seats_exhausted: {
    status: 402,
    meaning: "All seats of the organization are taken.",
    action: "The owner or an admin can buy more seats or remove a member.",
  },
  invalid_budget: {
    status: 400,
    meaning: "The budget must be between 0 and 999,999 US dollars, or null for no limit.",
    action: "Enter another amount.",
  },
  invitation_not_found: {
    status: 404,
    meaning: "This invitation does not exist, or it was revoked or used.",
    action: "Ask for a new invitation.",
  },
  invitation_void: {
    status: 410,
    meaning: "The member who sent this invitation may no longer invite.",
    action: "Ask for a new invitation.",
  },
  invitation_for_other_email: {
    status: 403,
    meaning: "This invitation is for another email address.",
    action: "Sign in with the address that was invited.",
  },
  email_not_confirmed: {
    status: 403,
    meaning: "Your email address is not confirmed.",
    action: "Confirm the address, then accept the invitation.",
  },
  invitation_expired: {
    status: 410,
    meaning: "This invitation has expired.",
    action: "Ask for a new invitation.",
  },
  member_not_found: {
    status: 404,
    meaning: "This user is not a member of your organization.",
    action: "Reload the list of members.",
  },
  owner_must_transfer: {
    status: 409,
    meaning: "The owner cannot leave the organization or take another role.",
    action: "Transfer the ownership or delete the organization first.",
  },
  already_owner: {
    status: 409,
    meaning: "This member already owns the organization.",
    action: "Choose another member.",
  },
  member_blocked: {
    status: 409,
    meaning: "A suspended member cannot own an organization.",
    action: "Choose another member.",
  },
} as const satisfies Record<string, ErrorEntry>;
