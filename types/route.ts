// What the list of routes says about each route.
import type * as z from "zod";
import type { Database } from "./database.ts";
import type { HttpErrorCode } from "./errors.ts";

/** How a route authenticates its caller. */
export type RouteAuth = "none" | "publishable" | "user" | "secret" | "signature";

/** A reply that is not an error. */
export interface RouteReply {
  status: 200 | 201 | 202 | 204 | 503;
  meaning: string;
  schema?: z.ZodType;
  /** The table whose row is the reply. */
  row?: keyof Database["public"]["Tables"];
  /** The media type, unless it is JSON. */
  type?: "text/event-stream";
}

/** A route of a function. */
export interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path below `/functions/v1`. Its first segment is the function. */
  path: string;
  auth: RouteAuth;
  summary: string;
  /** Each shape that a JSON body may have. */
  json?: z.ZodType[];
  /** The text fields of a multipart form with the part `file`. */
  form?: z.ZodType;
  example?: Record<string, unknown>;
  replies: RouteReply[];
  /** The errors in addition to those that every route has. */
  errors: HttpErrorCode[];
}
