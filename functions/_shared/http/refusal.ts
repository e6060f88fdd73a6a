import type { PostgrestError, PostgrestSingleResponse } from "@supabase/supabase-js";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { describeErrorCode, isErrorCode } from "../../../types/errors.ts";
import { AppError } from "./errors.ts";

const Details = z.record(z.string(), z.unknown());

/** A rule of the database said no: its SQLSTATE `PTnnn` is the status, its message the code. */
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
    // Every PTnnn that our SQL raises is a status that carries a body.
    this.status = Number(error.code.slice(2)) as ContentfulStatusCode;
  }
}

/** The data of a database call. Throws a refusal with its own code and status, or `internal`. */
export function unwrap<T>(result: PostgrestSingleResponse<T>): T {
  if (result.error === null) return result.data;
  if (/^PT\d{3}$/.test(result.error.code)) throw new Refusal(result.error);
  throw new AppError("internal", { cause: result.error });
}

/** A sentence for a refusal that was raised without `private.refuse`, which demands one. */
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
