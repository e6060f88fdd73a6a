import type { Pool } from "pg";
import { decodeJwt, type JWTPayload } from "jose";
import { z } from "zod";
import type { TokenExchange } from "./tokens.ts";

/** What the mends of the Auth API stand on. */
export interface AuthPorts {
  app: { fetch(request: Request): Promise<Response> };
  database: Pool;
  tokens: TokenExchange;
}

const Session = z.looseObject({ access_token: z.string() });
const ServerError = z.looseObject({ error: z.literal("server_error") });

/** Answers a request of `/auth/v1` by the app, with tokens and errors as Supabase Auth has them. */
export async function answerAuth(ports: AuthPorts, request: Request): Promise<Response> {
  const response = await ports.app.fetch(request);
  const location = response.headers.get("location");
  if (location) return redirect(ports, response, location);
  if (!response.headers.get("content-type")?.includes("json")) return response;
  const body: unknown = await response.json().catch(() => null);
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(await mendBody(ports, body)), {
    status: response.status,
    headers,
  });
}

async function mendBody(ports: AuthPorts, body: unknown): Promise<unknown> {
  const session = Session.safeParse(body);
  if (session.success) {
    return { ...session.data, access_token: await clientToken(ports, session.data.access_token) };
  }
  // What the database raised stays in the log: Auth never shows it.
  if (ServerError.safeParse(body).success) {
    return { code: 500, error_code: "unexpected_failure", msg: "Database error" };
  }
  return body;
}

async function redirect(ports: AuthPorts, response: Response, location: string): Promise<Response> {
  const token = location.match(/access_token=([^&]+)/)?.[1];
  if (!token) return response;
  const headers = new Headers(response.headers);
  headers.set("location", location.replace(token, await clientToken(ports, token)));
  return new Response(null, { status: response.status, headers });
}

async function clientToken({ tokens, database }: AuthPorts, token: string): Promise<string> {
  const { sub, iat } = decodeJwt(token);
  return tokens.toClient(token, await supabaseClaims(database, sub, iat));
}

/** The claims that Supabase puts into a token and the app leaves out. Source: https://supabase.com/docs/guides/auth/jwt-fields */
async function supabaseClaims(
  database: Pool,
  userId?: string,
  issuedAt?: number,
): Promise<JWTPayload> {
  const { rows: [user] } = await database.query(
    `select coalesce(phone, '') as phone, coalesce(is_anonymous, false) as is_anonymous,
       coalesce(raw_app_meta_data, '{}') as app_metadata, coalesce(raw_user_meta_data, '{}') as user_metadata
     from auth.users where id = $1`,
    [userId],
  );
  return { ...user, aal: "aal1", amr: [{ method: "password", timestamp: issuedAt }] };
}
