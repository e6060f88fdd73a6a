import type { SupabaseClient } from "@supabase/supabase-js";
import * as z from "zod";
import type { ExportSection } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { limitedFetch } from "../_shared/http/limited-fetch.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import type { ApiAccess } from "./environment.ts";

/** A section, and the cursor of a page in it. Without a cursor, the page is the section's first. */
export type ExportPosition = [section: ExportSection, ...after: string[]];

/** One page of a section. */
export interface ExportPage {
  /** The rows as JSON, separated by commas. */
  rows: string;
  /** The cursor of the next page; null after the last page. */
  next: string[] | null;
}

/** The database calls of an export, made as the user. */
export interface ExportDatabase {
  /** Returns the caller's profile id. Throws a refusal when the login or the account no longer exists. */
  ensureProfile(): Promise<string>;
  /** Throws `invalid_cursor` when the position does not fit its section. */
  readPage(position: ExportPosition): Promise<ExportPage>;
}

const Cursor = z.array(z.string()).nullable();
const HEAD =
  /^\s*\{\s*"next"\s*:\s*(null|\[(?:\s*"(?:[^"\\]|\\.)*"\s*,?)*\s*\])\s*,\s*"rows"\s*:\s*\[/;
const TAIL = /\]\s*\}\s*$/;

/**
 * Creates the database calls of an export, made with the user's own token. A page stays text,
 * because parsing every row of a large account would be slow. Only the JSON around the rows is parsed.
 */
export function createExportDatabase(
  { url, publishableKey }: ApiAccess,
  user: SupabaseClient<Database>,
  authorization: string,
): ExportDatabase {
  const headers = { apikey: publishableKey, authorization, "content-type": "application/json" };
  return {
    ensureProfile: async () => unwrap(await user.rpc("ensure_profile")).id,
    async readPage([section, ...after]) {
      const response = await limitedFetch(`${url}/rest/v1/rpc/export_account`, {
        method: "POST",
        headers,
        body: JSON.stringify({ section, after: after.length > 0 ? after : null }),
      });
      const text = await response.text();
      // The cursor is the only part of the request that a client can make wrong.
      if (response.status === 400) throw new AppError("invalid_cursor");
      if (!response.ok) throw new AppError("internal", { cause: new UnreadPage(response.status) });
      return splitPage(text);
    },
  };
}

/** The REST API did not return a page. */
class UnreadPage extends Error {
  override readonly name = "UnreadPage";
  readonly status: number;

  constructor(status: number) {
    super("a page of the export was refused");
    this.status = status;
  }
}

function splitPage(text: string): ExportPage {
  const head = HEAD.exec(text);
  // Searches only the last characters: searching the whole page would be slow.
  const tail = TAIL.exec(text.slice(-16));
  if (!head || !tail) throw new AppError("internal", { cause: new UnreadPage(200) });
  return {
    next: Cursor.parse(JSON.parse(head[1] ?? "")),
    rows: text.slice(head[0].length, text.length - tail[0].length),
  };
}
