import * as z from "zod";
import { ExportSection } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";
import { addDownloadUrls } from "./add-download-urls.ts";
import type { ExportDatabase, ExportPage, ExportPosition } from "./export-database.ts";

/**
 * A part ends with the page that reaches this number of characters. It costs about half a second of the two seconds of
 * CPU that a request may use: https://supabase.com/docs/guides/functions/limits
 */
const PART_CHARACTERS = 16_000_000;

const SECTIONS = ExportSection.options;
const FIRST: ExportPosition = ["profiles"];
const Position = z.tuple([ExportSection], z.string());

/** The calls that an export makes as the user. */
export interface ExportPorts {
  db: ExportDatabase;
  storage: FileStorage;
}

/** Returns the position in the `next` of a part; the beginning for an empty text. Throws `invalid_cursor`. */
export function readPosition(next = ""): ExportPosition {
  if (next === "") return FIRST;
  try {
    return Position.parse(JSON.parse(next));
  } catch (cause) {
    throw new AppError("invalid_cursor", { cause });
  }
}

/**
 * Writes an `AccountExportPart` as text, one page of rows at a time, beginning with the page at `from`. Each row
 * appears once in all parts, as it was when its page was read. Rows that are created or deleted during the export may
 * be missing.
 */
export async function* exportPart(
  { db, storage }: ExportPorts,
  now: Date,
  from: ExportPosition,
  first: ExportPage,
): AsyncGenerator<string> {
  let position: ExportPosition | null = from;
  let characters = 0;
  yield `{"exported_at":${JSON.stringify(now.toISOString())}`;
  while (position !== null && characters < PART_CHARACTERS) {
    const [section]: ExportPosition = position;
    yield `,\n"${section}":[`;
    let separator = "";
    while (position?.[0] === section && characters < PART_CHARACTERS) {
      const page: ExportPage = position === from ? first : await db.readPage(position);
      const rows = section === "chat_files" ? await addDownloadUrls(storage, page.rows) : page.rows;
      if (rows !== "") {
        yield separator + rows;
        separator = ",";
      }
      characters += rows.length;
      position = page.next ? [section, ...page.next] : beginAfter(section);
    }
    yield "]";
  }
  yield `,\n"next":${position && JSON.stringify(JSON.stringify(position))}}\n`;
}

/** Returns the beginning of the next section; null after the last one. */
function beginAfter(section: ExportSection): ExportPosition | null {
  const next = SECTIONS[SECTIONS.indexOf(section) + 1];
  return next === undefined ? null : [next];
}
