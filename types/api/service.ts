import { z } from "zod";
import type { ReceivedErrorCode } from "../errors.ts";

/**
 * The reply of every function to an error. A refusal of the REST API has the code in `message` and the sentence in
 * `hint`.
 */
export const ErrorReply = z.object({
  /** A stable name in snake_case. */
  code: z.string(),
  /** A sentence for a person. */
  message: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  hint: z.string().nullable(),
});
export type ErrorReply = Omit<z.infer<typeof ErrorReply>, "code"> & { code: ReceivedErrorCode };

/** The reply of `GET /functions/v1/health`. */
export const HealthReply = z.object({
  status: z.enum(["ok", "unavailable"]),
  database: z.enum(["ok", "unavailable"]),
  /** The version of the newest migration; null when the database is unavailable. */
  schema_version: z.string().nullable(),
  /** The release of Parley that the database has; null when the database is unavailable. */
  release: z.string().nullable(),
});
export type HealthReply = z.infer<typeof HealthReply>;
