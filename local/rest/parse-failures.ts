import * as z from "zod";
import { refuseLocally } from "./refusal.ts";

const Failure = z.object({ code: z.literal("SUP"), message: z.string() });

/**
 * Corrects responses to addresses and bodies that lite cannot parse: lite answers 500, PostgREST 400.
 * Source: https://docs.postgrest.org/en/stable/references/errors.html#group-1-api-request
 */
export async function asClientMistake(url: string, response: Response): Promise<Response> {
  const isRpc = new URL(url).pathname.startsWith("/rest/v1/rpc/");
  if (response.status === 400 && isRpc) return await refuseRowArgument(response);
  if (response.status !== 500) return response;
  const failure = Failure.safeParse(await response.clone().json().catch(() => null));
  if (!failure.success) return response;
  const { message } = failure.data;
  if (/at position \d+$/.test(message)) return refuse("PGRST100", message.replace(/^Error: /, ""));
  // The client has sent a number for a column of another type.
  if (/^TypeError \[ERR_INVALID_ARG_TYPE\]/.test(message)) {
    return refuse("22P02", "invalid input syntax");
  }
  // lite looks operators up in a plain object, so it finds an inherited property such as `valueOf`.
  if (/^TypeError: /.test(message)) return refuse("PGRST100", "Unknown operator");
  // The JSON is too deeply nested.
  if (/^RangeError: Maximum call stack/.test(message)) return refuse("PGRST102", "Too many levels");
  return response;
}

/** Refuses a call with an object for an argument of a row type: lite passes it to Postgres as "[object Object]". */
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
