import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { decodeJwt, type JWTPayload } from "jose";
import { z } from "zod";
import type { GatewayEnv } from "../../gateway/credentials.ts";
import { StorageError } from "./storage-error.ts";
import type { Actor } from "./transact.ts";

/** What the routes behind the check of credentials know. */
export interface StorageEnv {
  Variables: GatewayEnv["Variables"] & { claims: JWTPayload };
}

/** Reads who sent a request that has passed the gateway's check of credentials. */
export function readClaims(secretKey: string) {
  return createMiddleware<StorageEnv>(async (c, next) => {
    const { headers } = c.var.upstream;
    const token = headers.get("authorization")?.replace(/^Bearer\s+/i, "");
    const role = headers.get("apikey") === secretKey ? "service_role" : "anon";
    c.set("claims", token ? decodeJwt(token) : { role });
    await next();
  });
}

/** The sender of a request, doing this. */
export function actorOf({ var: { claims } }: Context<StorageEnv>, operation: string): Actor {
  return { role: z.string().parse(claims.role), claims, operation };
}

/** Id of the actor in auth.users; null for a key. */
export function ownerOf({ claims }: Actor): string | null {
  return claims.sub ?? null;
}

/** True when an upload or a copy may replace what is there. */
export function wantsUpsert({ headers }: Request): boolean {
  return headers.get("x-upsert") === "true";
}

/** The body of a request. Throws `InvalidRequest` when it is not of the schema. */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  return parse(schema, await request.json().catch(() => undefined));
}

/** The query string of a request. Throws `InvalidRequest` when it is not of the schema. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  return parse(schema, Object.fromEntries(new URL(request.url).searchParams));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new StorageError("InvalidRequest", z.prettifyError(parsed.error));
  return parsed.data;
}
