import { z } from "zod";
import type { Database } from "../database.ts";
import { AssistantSlug, MAX_CONTENT_LENGTH, StoredText } from "./fields.ts";

/** When a lookout runs. A missing or wrong field gives `invalid_schedule`, and `details.field` names it. */
const LookoutSchedule = z.object({
  frequency: z.enum(["once", "daily", "weekly", "monthly", "yearly", "cron"]),
  /** An IANA name, such as `Europe/London`. */
  timezone: z.string().min(1).max(64),
  /** The local time as `HH:MM`, for every frequency except `cron`. */
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/).optional(),
  /** `YYYY-MM-DD`: the day of `once`, or the day of the week, month or year for others, which is today by default. */
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).optional(),
  /** For `once`: an instant instead of date and time. */
  run_at: z.iso.datetime({ offset: true }).optional(),
  /** For `cron`: five fields in the timezone, at most once an hour. */
  cron_schedule: z.string().max(100).optional(),
});

/** The body of `POST /functions/v1/lookouts`. */
export const LookoutRequest = LookoutSchedule.extend({
  /** The title of the lookout, and of the chats of its runs. */
  title: StoredText.pipe(z.string().trim().min(1).max(200)),
  prompt: StoredText.pipe(z.string().trim().min(1).max(MAX_CONTENT_LENGTH)),
  assistant_slug: AssistantSlug,
});
export type LookoutRequest = z.infer<typeof LookoutRequest>;

/** The body of `PATCH /functions/v1/lookouts/:id`: the fields that change. */
export const LookoutChange = LookoutRequest.partial().extend({
  /** Resuming computes the next run from now. */
  status: z.enum(["active", "paused", "archived"]).optional(),
});
export type LookoutChange = z.infer<typeof LookoutChange>;

/** The reply of `POST /functions/v1/lookouts` (201) and of `PATCH /functions/v1/lookouts/:id`: the row. */
export type LookoutReply = Database["public"]["Tables"]["lookouts"]["Row"];

/** The reply of `POST /functions/v1/lookouts/:id/run` (202): the run, which continues in the chat `session_id`. */
export type LookoutRunReply = Database["public"]["Tables"]["lookout_runs"]["Row"];

/** The reply of `POST /functions/v1/lookouts/run`: what became of the runs that this call has claimed. */
export const LookoutsReply = z.object({
  claimed: z.number().int(),
  /** OpenAI writes the reply. The run ends with its turn. */
  started: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
  /** Runs that are claimed again later, or that had already started. */
  waiting: z.number().int(),
});
export type LookoutsReply = z.infer<typeof LookoutsReply>;
