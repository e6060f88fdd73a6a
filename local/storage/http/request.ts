import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { decodeJwt, type JWTPayload } from "jose";
import * as z from "zod";
import { bearerToken } from "../../gateway/bearer-token.ts";
import type { GatewayEnv } from "../../gateway/credentials.ts";
import { StorageError } from "./storage-error.ts";
import type { Actor } from "./transact.ts";

/** Variables of the routes after the check of credentials. */
export interface StorageEnv {
  Variables: GatewayEnv["Variables"] & { claims: JWTPayload };
}

/** Reads the claims of the caller. The gateway has already checked the credentials. */
export function readClaims(secretKey: string) {
  return createMiddleware<StorageEnv>(async (c, next) => {
    const { headers } = c.var.upstream;
    const token = bearerToken(headers);
    const role = headers.get("apikey") === secretKey ? "service_role" : "anon";
    c.set("claims", token ? decodeJwt(token) : { role });
    await next();
  });
}

/** Returns the caller of a request, with the operation that the request performs. */
export function actorOf({ var: { claims } }: Context<StorageEnv>, operation: string): Actor {
  return { role: z.string().parse(claims.role), claims, operation };
}

/** Returns the actor's id in auth.users; null for an API key. */
export function ownerOf({ claims }: Actor): string | null {
  return claims.sub ?? null;
}

/** Returns true when an upload or a copy may replace an existing object. */
export function wantsUpsert({ headers }: Request): boolean {
  return headers.get("x-upsert") === "true";
}

/** Parses the body of a request. Rejects with `InvalidRequest` when it does not match the schema. */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  return parse(schema, await request.json().catch(() => undefined));
}

/** Parses the query string of a request. Throws `InvalidRequest` when it does not match the schema. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  return parse(schema, Object.fromEntries(new URL(request.url).searchParams));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new StorageError("InvalidRequest", z.prettifyError(parsed.error));
  return parsed.data;
}
