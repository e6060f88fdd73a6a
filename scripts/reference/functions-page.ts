import type { Route, RouteReply } from "../../types/route.ts";
import { routes } from "../../types/routes.ts";
import { writeCode, writePage, writeTable } from "./markdown.ts";
import { readRequests } from "./openapi-schemas.ts";
import { authWords, byStatus, errorsOf } from "./route-errors.ts";

/** Writes `functions.md`: the routes of the edge functions. */
export function writeFunctionsPage(): string {
  return writePage("Edge functions", "`types/routes.ts` and `types/api.ts`", [
    "Paths are below `/functions/v1`. [openapi.json](openapi.json) has the schemas of requests and replies, and " +
    "[errors.md](errors.md) explains the codes. Every function answers 404 `not_found` for an unknown path and 405 " +
    "`method_not_allowed` for a method that a path does not take.",
    writeTable(
      ["route", "caller", "what"],
      routes.map((route) => [writeCode(nameOf(route)), authWords[route.auth], route.summary]),
    ),
    ...routes.flatMap(writeRoute),
  ]);
}

function writeRoute(route: Route): string[] {
  return [
    `## ${nameOf(route)}`,
    `${route.summary} Caller: ${authWords[route.auth]}.`,
    ...writeRequests(route),
    writeTable(["status", "reply"], [
      ...route.replies.map((reply) => [String(reply.status), writeReply(reply)]),
      ...byStatus(errorsOf(route)).map(([status, codes]) => [
        String(status),
        codes.map(writeCode).join(", "),
      ]),
    ]),
  ];
}

function writeRequests(route: Route): string[] {
  return readRequests(route).flatMap(({ title, fields }) => [
    `${title}:`,
    writeTable(
      ["field", "type", "required"],
      fields.map(({ name, type, required }) => [writeCode(name), type, required ? "yes" : ""]),
    ),
  ]);
}

function writeReply({ meaning, row, type }: RouteReply): string {
  if (row) return `${meaning} The row of ${writeCode(row)}.`;
  return type ? `${meaning} ${writeCode(type)}.` : meaning;
}

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}
