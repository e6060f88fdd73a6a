import type { ErrorEntry } from "./entry.ts";

/** Errors of administration and activity. */
export const adminErrors = {
  user_not_found: {
    status: 404,
    meaning: "This user does not exist.",
    action: "Check the id or the email address.",
  },
  last_admin: {
    status: 409,
    meaning: "This user is the last admin.",
    action: "Make another user an admin first.",
  },
  invalid_is_active: {
    status: 400,
    meaning: "The value must be true or false.",
    action: "Send true to lift a suspension, false to suspend the user.",
  },
  invalid_amount: {
    status: 400,
    meaning: "The amount must be between 1 and 1,000,000.",
    action: "Enter another amount.",
  },
  invalid_plan: {
    status: 400,
    meaning: "This plan does not exist.",
    action: "Choose a plan of the table plans, or null to end the grant.",
  },
  invalid_expiry: {
    status: 400,
    meaning: "The expiry must be in the future, or null for never.",
    action: "Choose another date.",
  },
  invalid_note: {
    status: 400,
    meaning: "A note must have between 1 and 5000 characters.",
    action: "Change the text.",
  },
  note_not_found: {
    status: 404,
    meaning: "This note does not exist.",
    action: "Reload the notes of the user.",
  },
  invalid_tool: {
    status: 400,
    meaning: "This tool cannot be added.",
    action: "Change what the message names, and run the migration again.",
  },
  invalid_sort: {
    status: 400,
    meaning: "Users cannot be sorted in this way.",
    action: "Sort by created_at, email or user_name, asc or desc.",
  },
  invalid_action: {
    status: 400,
    meaning: "The name of an action has up to 64 characters: a-z, 0-9 and _.:-, a letter first.",
    action: "Use another name.",
  },
  audit_log_is_final: {
    status: 403,
    meaning: "Rows of the audit log cannot be changed or deleted.",
    action: "Leave them; the retention policy deletes old rows.",
  },
} as const satisfies Record<string, ErrorEntry>;
