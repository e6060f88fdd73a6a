import { stack, type TestUser } from "../../helpers/stack.ts";

/** A response of the REST API. */
export interface RestAnswer {
  status: number;
  text: string;
  /** The parsed body, or null if it is not JSON. */
  json: unknown;
}

/** Sends a request to the REST API as a user, exactly as written. */
export async function rest(
  user: TestUser,
  method: string,
  target: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<RestAnswer> {
  const response = await fetch(`${stack.API_URL}/rest/v1/${target}`, {
    method,
    headers: {
      apikey: stack.PUBLISHABLE_KEY,
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "application/json",
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
