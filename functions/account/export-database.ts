import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { ExportSection } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { limitedFetch } from "../_shared/http/limited-fetch.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import type { ApiAccess } from "./environment.ts";

/** A page of a section. */
export interface ExportPage {
  /** Rows as JSON, separated by commas. */
  rows: string;
  /** Where the next page begins; null after the last. */
  next: string[] | null;
}

/** The database as an export sees it: as the user. */
export interface ExportDatabase {
  /** The caller's profile id. Throws a refusal when the login or the account is gone. */
  ensureProfile(): Promise<string>;
  readPage(section: ExportSection, after: string[] | null): Promise<ExportPage>;
}

const Cursor = z.array(z.string()).nullable();
const HEAD =
  /^\s*\{\s*"next"\s*:\s*(null|\[(?:\s*"(?:[^"\\]|\\.)*"\s*,?)*\s*\])\s*,\s*"rows"\s*:\s*\[/;
const TAIL = /\]\s*\}\s*$/;

/**
 * Reads with the user's own token. Pages are taken as text: of a hundred thousand messages none is parsed, and what
 * surrounds them is found at both ends.
 */
export function createExportDatabase(
  { url, publishableKey }: ApiAccess,
  user: SupabaseClient<Database>,
  authorization: string,
): ExportDatabase {
  const headers = { apikey: publishableKey, authorization, "content-type": "application/json" };
  return {
    ensureProfile: async () => unwrap(await user.rpc("ensure_profile")).id,
    async readPage(section, after) {
      const response = await limitedFetch(`${url}/rest/v1/rpc/export_account`, {
        method: "POST",
        headers,
        body: JSON.stringify({ section, after }),
      });
      const text = await response.text();
      if (!response.ok) throw new AppError("internal", { cause: new UnreadPage(response.status) });
      return splitPage(text);
    },
  };
}

/** The REST API did not give a page. */
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
  // Only the end: the pattern is not looked for in all of the page.
  const tail = TAIL.exec(text.slice(-16));
  if (!head || !tail) throw new AppError("internal", { cause: new UnreadPage(200) });
  return {
    next: Cursor.parse(JSON.parse(head[1] ?? "")),
    rows: text.slice(head[0].length, text.length - tail[0].length),
  };
}
