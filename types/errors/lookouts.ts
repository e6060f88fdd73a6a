import type { ErrorEntry } from "./entry.ts";

/** Errors of lookouts and their runs. */
export const lookoutErrors = {
  invalid_schedule: {
    status: 400,
    meaning: "The schedule is not valid.",
    action: "Correct the field that details.field names.",
  },
  lookout_not_found: {
    status: 404,
    meaning: "This lookout does not exist or belongs to another user.",
    action: "Reload the list of lookouts.",
  },
  lookout_changed: {
    status: 409,
    meaning: "Another request changed this lookout at the same time.",
    action: "Reload the lookout and try again.",
  },
  lookout_limit_reached: {
    status: 402,
    meaning: "You have as many active lookouts as your plan allows.",
    action: "Archive a lookout or upgrade the plan.",
  },
  too_many_lookouts: {
    status: 409,
    meaning: "You have as many lookouts as this service keeps, archived ones included.",
    action: "Delete archived lookouts.",
  },
  lookout_not_active: {
    status: 409,
    meaning: "A paused or archived lookout does not run.",
    action: "Resume the lookout first.",
  },
  lookout_running: {
    status: 409,
    meaning: "This lookout is already running.",
    action: "Wait until the run is complete.",
  },
  run_abandoned: {
    status: 503,
    meaning: "The run was started several times and never completed.",
    action: "Run the lookout again, or contact support.",
  },
  session_deleted: {
    status: null,
    meaning: "The chat was deleted while the reply was written.",
    action: "Run the lookout again.",
  },
} as const satisfies Record<string, ErrorEntry>;
