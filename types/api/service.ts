import * as z from "zod";
import type { ReceivedErrorCode } from "../errors.ts";

/**
 * The reply of every function to an error. A refusal of the REST API has the code in `message` and the sentence in
 * `hint`.
 */
export const ErrorReply = z.object({
  code: z.string().meta({
    description: "A stable name in snake_case.",
    tsType: "ReceivedErrorCode",
  }),
  message: z.string().describe("A sentence for a person."),
  details: z.record(z.string(), z.unknown()).nullable(),
  hint: z.string().nullable(),
});
export type ErrorReply = Omit<z.infer<typeof ErrorReply>, "code"> & { code: ReceivedErrorCode };

/** The reply of `GET /functions/v1/health`. */
export const HealthReply = z.object({
  status: z.enum(["ok", "unavailable"]),
  database: z.enum(["ok", "unavailable"]),
  schema_version: z.string().nullable().describe(
    "The version of the newest migration; null when the database is unavailable.",
  ),
  release: z.string().nullable().describe(
    "The release of Parley that the database has; null when the database is unavailable.",
  ),
});
export type HealthReply = z.infer<typeof HealthReply>;
