import * as z from "zod";
import type { Database } from "../database.ts";
import { AssistantSlug, MAX_CONTENT_LENGTH, StoredText } from "./fields.ts";

/** When a lookout runs. A missing or wrong field gives `invalid_schedule`, and `details.field` names it. */
const LookoutSchedule = z.object({
  frequency: z.enum(["once", "daily", "weekly", "monthly", "yearly", "cron"]),
  timezone: z.string().min(1).max(64).describe("An IANA name, such as `Europe/London`."),
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/).optional().describe(
    "The local time as `HH:MM`, for every frequency except `cron`.",
  ),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).optional().describe(
    "`YYYY-MM-DD`: the day of `once`, or the day of the week, month or year for others, which is today by default.",
  ),
  run_at: z.iso.datetime({ offset: true }).optional().describe(
    "For `once`: an instant instead of date and time.",
  ),
  cron_schedule: z.string().max(100).optional().describe(
    "For `cron`: five fields in the timezone, at most once an hour.",
  ),
});

/** The body of `POST /functions/v1/lookouts`. */
export const LookoutRequest = LookoutSchedule.extend({
  title: StoredText.pipe(z.string().trim().min(1).max(200)).describe(
    "The title of the lookout, and of the chats of its runs.",
  ),
  prompt: StoredText.pipe(z.string().trim().min(1).max(MAX_CONTENT_LENGTH)),
  assistant_slug: AssistantSlug,
});
export type LookoutRequest = z.infer<typeof LookoutRequest>;

/** The body of `PATCH /functions/v1/lookouts/:id`: the fields that change. */
export const LookoutChange = LookoutRequest.partial().extend({
  status: z.enum(["active", "paused", "archived"]).optional().describe(
    "Resuming computes the next run from now.",
  ),
});
export type LookoutChange = z.infer<typeof LookoutChange>;

/** The reply of `POST /functions/v1/lookouts` (201) and of `PATCH /functions/v1/lookouts/:id`: the row. */
export type LookoutReply = Database["public"]["Tables"]["lookouts"]["Row"];

/** The reply of `POST /functions/v1/lookouts/:id/run` (202): the run, which continues in the chat `session_id`. */
export type LookoutRunReply = Database["public"]["Tables"]["lookout_runs"]["Row"];

/** The reply of `POST /functions/v1/lookouts/run`: what became of the runs that this call has claimed. */
export const LookoutsReply = z.object({
  claimed: z.number().int(),
  started: z.number().int().describe("OpenAI writes the reply. The run ends with its turn."),
  failed: z.number().int(),
  skipped: z.number().int(),
  waiting: z.number().int().describe(
    "Runs that are claimed again later, or that had already started.",
  ),
});
export type LookoutsReply = z.infer<typeof LookoutsReply>;
