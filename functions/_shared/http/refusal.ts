import type { PostgrestError, PostgrestSingleResponse } from "@supabase/supabase-js";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { describeErrorCode, isErrorCode } from "../../../types/errors.ts";
import { AppError } from "./errors.ts";
import { isConflict } from "./retry-conflict.ts";

const Details = z.record(z.string(), z.unknown());

/** A refusal that a rule of the database raised. Its SQLSTATE `PTnnn` is the status, and its message is the code. */
class Refusal extends AppError {
  override readonly code: string;
  override readonly status: ContentfulStatusCode;

  constructor(error: PostgrestError) {
    super("invalid_request", {
      message: error.hint || describeCode(error.message),
      details: parseDetails(error.details),
      cause: error,
    });
    this.code = error.message;
    // Parley's SQL raises PTnnn only with a status that allows a body.
    this.status = Number(error.code.slice(2)) as ContentfulStatusCode;
  }
}

/**
 * Returns the data of a database call. Throws a refusal with its own code and status, `try_again` after two conflicts
 * with other transactions, or `internal`.
 */
export function unwrap<T>(result: PostgrestSingleResponse<T>): T {
  if (result.error === null) return result.data;
  if (/^PT\d{3}$/.test(result.error.code)) throw new Refusal(result.error);
  if (isConflict(result.error.code)) {
    throw new AppError("try_again", { retryAfter: 1, cause: result.error });
  }
  throw new AppError("internal", { cause: result.error });
}

/** Returns a sentence for a refusal that was raised without `private.refuse` and therefore has none. */
function describeCode(code: string): string {
  if (isErrorCode(code)) return describeErrorCode(code);
  return `The database refused the request with the code ${code}. Contact support.`;
}

function parseDetails(text: string | null): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    return Details.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
