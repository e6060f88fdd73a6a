import * as z from "zod";
import { parseJson } from "../stack/parse-json.ts";
import { refuseLocally } from "./refusal.ts";

const Rows = z.array(z.record(z.string(), z.unknown()));
type Row = z.infer<typeof Rows>[number];

const PREFIX = "/rest/v1/";

/** Rewrites a request that lite would answer wrongly, so that the response equals PostgREST's; or refuses it. */
export async function mendRequest(request: Request): Promise<Request | Response> {
  const path = new URL(request.url).pathname.slice(PREFIX.length);
  if (path.startsWith("rpc/")) return mendCall(request);
  return request.method === "POST" ? await mendInsert(request) : request;
}

/**
 * Rewrites the call of a function. lite refuses HEAD, so GET replaces it; the server omits the body of the response.
 * lite ignores `max-affected`, so such a call is refused.
 */
function mendCall(request: Request): Request | Response {
  if (/\bmax-affected=/.test(prefer(request))) {
    return refuseLocally(
      "The local REST API cannot limit the rows that a function changes.",
      "Check the number of rows in the function itself, or test maxAffected on Supabase.",
    );
  }
  return request.method === "HEAD" ? new Request(request, { method: "GET" }) : request;
}

/**
 * Rewrites an insert of rows with different keys. lite stores the defaults for missing keys but returns null. PostgREST
 * stores null for missing keys that `columns` lists, and without `columns` refuses different keys.
 * Source: https://docs.postgrest.org/en/stable/references/api/tables_views.html#bulk-insert
 */
async function mendInsert(request: Request): Promise<Request | Response> {
  if (!request.headers.get("content-type")?.includes("json")) return request;
  const body = await request.text();
  const { url, method, headers } = request;
  const again = (text: string) => new Request(url, { method, headers, body: text });
  const rows = Rows.safeParse(parseJson(body)).data;
  if (!rows || !keysDiffer(rows)) return again(body);

  const columns = readColumns(url);
  if (!columns) return refuseDifferentKeys();
  if (/\bmissing=default\b/.test(prefer(request))) {
    return refuseLocally(
      "The local REST API cannot insert rows with different keys when missing ones take their default.",
      "Give all rows the same keys, or insert them one by one.",
    );
  }
  return again(JSON.stringify(rows.map((row) => fillWithNull(row, columns))));
}

function prefer(request: Request): string {
  return request.headers.get("prefer") ?? "";
}

function keysDiffer(rows: Row[]): boolean {
  const [first, ...others] = rows.map((row) => Object.keys(row).sort().join("\n"));
  return others.some((keys) => keys !== first);
}

/** Reads the parameter `columns`. supabase-js puts quotes around the names. */
function readColumns(url: string): string[] | undefined {
  return new URL(url).searchParams.get("columns")?.split(",")
    .map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
}

function fillWithNull(row: Row, columns: string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}

function refuseDifferentKeys(): Response {
  const message = "All object keys must match";
  return Response.json({ code: "PGRST102", message, details: null, hint: null }, { status: 400 });
}
