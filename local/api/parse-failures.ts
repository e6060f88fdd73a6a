import { z } from "zod";

const Failure = z.object({ code: z.literal("SUP"), message: z.string() });

/**
 * lite answers 500 for some addresses that it cannot read; PostgREST says that it is the client's mistake.
 * Source: https://docs.postgrest.org/en/stable/references/errors.html#group-1-api-request
 */
export async function asClientMistake(response: Response): Promise<Response> {
  if (response.status !== 500) return response;
  const failure = Failure.safeParse(await response.clone().json().catch(() => null));
  if (!failure.success || !/at position \d+$/.test(failure.data.message)) return response;
  const message = failure.data.message.replace(/^Error: /, "");
  return Response.json({ code: "PGRST100", message, details: null, hint: null }, { status: 400 });
}
