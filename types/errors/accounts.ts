import type { ErrorEntry } from "./entry.ts";

/** Errors of logins, anonymous ones included, of the bridge and of exports. */
export const accountErrors = {
  metadata_too_large: {
    status: 413,
    meaning: "The metadata of a login has at most 16 KiB.",
    action: "Store less in it.",
  },
  email_required: {
    status: 409,
    meaning: "This needs a login with a confirmed email address.",
    action: "Add an email address to the login and confirm it.",
  },
  code_not_found: {
    status: 404,
    meaning: "This code does not exist.",
    action: "Ask the first app for a new code.",
  },
  code_expired: {
    status: 410,
    meaning: "This code has expired or was already used.",
    action: "Ask the first app for a new code.",
  },
  invalid_cursor: {
    status: 400,
    meaning: "The cursor of the export does not fit its section.",
    action: "Send the cursor of the previous page, or none.",
  },
  unknown_section: {
    status: 404,
    meaning: "An export has no section with this name.",
    action: "Use one of the section names of AccountExport in types/api.ts.",
  },
} as const satisfies Record<string, ErrorEntry>;
