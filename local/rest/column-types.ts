import type { PostgresType } from "postgres";

/**
 * Converts columns between Postgres and JSON as PostgREST does: times in ISO format, numbers as JSON numbers, and
 * jsonb arguments encoded exactly once.
 * Source: https://docs.postgrest.org/en/stable/references/api/tables_views.html
 */
export const columnTypes = {
  timestamptz: textType(1184, (text) => withT(text).replace(/([+-]\d\d)$/, "$1:00")),
  timestamp: textType(1114, withT),
  numeric: {
    to: 1700,
    from: [1700],
    serialize: String,
    parse: (text: string) => (Number.isFinite(Number(text)) ? Number(text) : text),
  },
  json: jsonType(114),
  jsonb: jsonType(3802),
  bytea: {
    to: 17,
    from: [17],
    serialize: (value: string | Uint8Array) =>
      typeof value === "string" ? value : `\\x${Buffer.from(value).toString("hex")}`,
    parse: (text: string) => text,
  },
} satisfies Record<string, PostgresType>;

function withT(text: string): string {
  return text.replace(" ", "T");
}

function textType(oid: number, parse: (text: string) => string): PostgresType<string> {
  return { to: oid, from: [oid], serialize: (value: string) => value, parse };
}

function jsonType(oid: number): PostgresType<unknown> {
  return { to: oid, from: [oid], serialize: jsonText, parse: (text: string) => JSON.parse(text) };
}

/** Encodes a value unless it is JSON already. lite encodes arguments itself; a second time would store a string. */
function jsonText(value: unknown): string {
  return typeof value === "string" && isJson(value) ? value : JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
