import { randomInt } from "node:crypto";
import { BridgeReply, BridgeSession, ErrorReply } from "../../../types/api.ts";
import { asPostgres, stack, type TestUser } from "../../helpers/stack.ts";

/** Returns an IP address that no other test uses, because attempts are counted by address. */
export function freshAddress(): string {
  return `198.18.${randomInt(256)}.${randomInt(256)}`;
}

/** Asks for a code as a user of an app. */
export function postBridge(
  user: TestUser,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/bridge`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "application/json",
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

/** Redeems a code, as an app without a user. */
export function postRedeem(
  code: unknown,
  headers: Record<string, string> = { "x-forwarded-for": freshAddress() },
): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/bridge/redeem`, {
    method: "POST",
    headers: {
      apikey: stack.PUBLISHABLE_KEY,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ code }),
  });
}

/** Returns a new code of a user. */
export async function issue(user: TestUser, session_data?: unknown): Promise<string> {
  const response = await postBridge(user, session_data && { session_data });
  return BridgeReply.parse(await response.json()).code;
}

/** Redeems a code; returns the session. */
export async function redeem(code: string): Promise<BridgeSession> {
  return BridgeSession.parse(await (await postRedeem(code)).json());
}

/** Returns status and code of a refusal. */
export async function refusalOf(response: Response): Promise<[number, string]> {
  return [response.status, ErrorReply.parse(await response.json()).code];
}

interface Attempt {
  event_type: string;
  success: boolean;
  error_message: string | null;
  client_ip: string | null;
  user_agent: string | null;
}

/** Returns the logged attempts of a user, or of an IP address. */
export function attemptsOf(by: { profileId: string } | { address: string }): Promise<Attempt[]> {
  const [column, value] = "profileId" in by ? ["user_id", by.profileId] : ["client_ip", by.address];
  return asPostgres<Attempt>(
    `select event_type, success, error_message, host(client_ip) as client_ip, user_agent
     from public.sync_logs where ${column} = $1 order by created_at`,
    [value],
  );
}
