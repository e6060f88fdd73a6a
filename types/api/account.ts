import * as z from "zod";

const Key = z.guid();
const Time = z.string();
const owned = { user_id: Key };
/** Rows of a table. The columns in `shape` are checked; all other columns are present too. */
function rowsOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.array(z.looseObject(shape));
}

/**
 * A whole export, joined from the parts of `GET /functions/v1/account/export`: every row that the user owns, by table.
 * Each row appears once, as it was when it was read. Messages are ordered by session and `seq`.
 */
export const AccountExport = z.strictObject({
  exported_at: Time,
  profiles: rowsOf({ id: Key, email: z.string().nullable(), created_at: Time }).length(1),
  custom_instructions: rowsOf({ ...owned, content: z.string() }),
  chat_sessions: rowsOf({ ...owned, id: Key, assistant_slug: z.string(), created_at: Time }),
  chat_messages: rowsOf({
    ...owned,
    id: Key,
    session_id: Key,
    seq: z.number().int(),
    sender: z.enum(["user", "assistant", "system", "tool"]),
    content: z.string(),
    parts: z.array(z.unknown()),
    created_at: Time,
  }),
  chat_turns: rowsOf({ ...owned, id: Key, session_id: Key }),
  tool_calls: rowsOf({ ...owned, id: Key, session_id: Key }),
  chat_files: rowsOf({
    ...owned,
    id: Key,
    session_id: Key,
    file_name: z.string(),
    download_url: z.url().nullable().describe(
      "A link that works for an hour; null for a file without bytes in Storage.",
    ),
  }),
  vector_stores: rowsOf({ ...owned, id: Key, session_id: Key }),
  usage_counters: rowsOf({ ...owned, feature: z.string(), period_start: Time }),
  usage_metrics: rowsOf({ ...owned, day: z.string(), feature_type: z.string(), model: z.string() }),
  monthly_costs: rowsOf({ ...owned, month: z.string(), spent: z.number(), reserved: z.number() }),
  stripe_customers: rowsOf({ ...owned, id: z.string() }),
  subscriptions: rowsOf({ ...owned, id: Key, stripe_subscription_id: z.string() }),
  subscription_items: rowsOf({ id: z.string(), subscription_id: Key }),
  payments: rowsOf({ ...owned, id: Key, amount: z.number(), currency: z.string() }),
  credit_grants: rowsOf({ ...owned, id: Key, tokens: z.number().int() }),
  organizations: rowsOf({ id: Key, name: z.string() }).max(1).describe(
    "The user's own organization, if any. The membership is in the profile.",
  ),
  organization_invitations: rowsOf({
    id: Key,
    invited_by: Key,
    email: z.string(),
    role: z.string(),
  }).describe("Invitations that the user sent, without their hashes."),
  lookouts: rowsOf({ ...owned, id: Key, title: z.string(), prompt: z.string() }),
  lookout_runs: rowsOf({ ...owned, id: Key, lookout_id: Key, scheduled_at: Time }),
  user_activity: rowsOf({ ...owned, id: Key, action: z.string(), created_at: Time }),
  bridge_tokens: rowsOf({ ...owned, id: Key, created_at: Time }).describe(
    "Codes of the bridge, without their hashes.",
  ),
  sync_logs: rowsOf({ ...owned, id: Key, event_type: z.string(), created_at: Time }),
});
export type AccountExport = z.infer<typeof AccountExport>;

/** The sections of an export in their order. A section has the name of its table. */
export const ExportSection = AccountExport.keyof().exclude(["exported_at"]);
export type ExportSection = z.infer<typeof ExportSection>;

/**
 * One part of an export, about 16 MB at most. It has some sections; a section may go on in the next part. `next` is the
 * query parameter `after` of the next part, and null in the last part.
 */
export const AccountExportPart = AccountExport.partial().extend({
  exported_at: Time,
  next: z.string().nullable(),
});
export type AccountExportPart = z.infer<typeof AccountExportPart>;

/** Joins all parts of an export in their order. Throws a ZodError if one is missing at the beginning or the end. */
export function joinExport(parts: AccountExportPart[]): AccountExport {
  const sections = ExportSection.options.map((section) => {
    const found = parts.flatMap((part): unknown[][] => part[section] ? [part[section]] : []);
    return [section, found.length > 0 ? found.flat() : undefined];
  });
  return AccountExport.parse({
    exported_at: parts[0]?.exported_at,
    ...Object.fromEntries(sections),
  });
}
