import { z } from "zod";
import { refuseLocally } from "./refusal.ts";

const Failure = z.object({ code: z.literal("SUP"), message: z.string() });

/**
 * lite answers 500 for some addresses and bodies that it cannot read; PostgREST says that it is the client's mistake.
 * Source: https://docs.postgrest.org/en/stable/references/errors.html#group-1-api-request
 */
export async function asClientMistake(response: Response): Promise<Response> {
  if (response.status === 400) return await refuseRowArgument(response);
  if (response.status !== 500) return response;
  const failure = Failure.safeParse(await response.clone().json().catch(() => null));
  if (!failure.success) return response;
  const { message } = failure.data;
  if (/at position \d+$/.test(message)) return refuse("PGRST100", message.replace(/^Error: /, ""));
  // A number for a column that takes none.
  if (/^TypeError \[ERR_INVALID_ARG_TYPE\]/.test(message)) {
    return refuse("22P02", "invalid input syntax");
  }
  // It looks names of operators up where every object has `valueOf`, and takes what it finds.
  if (/^TypeError: /.test(message)) return refuse("PGRST100", "Unknown operator");
  // JSON of many levels.
  if (/^RangeError: Maximum call stack/.test(message)) return refuse("PGRST102", "Too many levels");
  return response;
}

/** lite hands an object that is to be a row over as the text that JavaScript makes of it. */
async function refuseRowArgument(response: Response): Promise<Response> {
  if (!(await response.clone().text()).includes("[object Object]")) return response;
  return refuseLocally(
    "The local REST API cannot pass an object as an argument of a row type.",
    "Let the function take jsonb and use jsonb_populate_record.",
  );
}

function refuse(code: string, message: string): Response {
  return Response.json({ code, message, details: null, hint: null }, { status: 400 });
}
