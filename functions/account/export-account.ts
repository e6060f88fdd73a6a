import { AccountExport, type ExportSection } from "../../types/api.ts";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";
import { addDownloadUrls } from "./add-download-urls.ts";
import type { ExportDatabase } from "./export-database.ts";

/** The calls that an export makes as the user. */
export interface ExportPorts {
  db: ExportDatabase;
  storage: FileStorage;
}

/**
 * Writes an `AccountExport` as text, one page of rows at a time. Each row appears once, as it was when its page was
 * read. Rows that are created or deleted during the export may be missing.
 */
export async function* exportAccount(ports: ExportPorts, now: Date): AsyncGenerator<string> {
  yield `{"exported_at":${JSON.stringify(now.toISOString())}`;
  for (const section of AccountExport.keyof().exclude(["exported_at"]).options) {
    yield `,\n"${section}":[`;
    yield* exportSection(ports, section);
    yield "]";
  }
  yield "}\n";
}

async function* exportSection(
  { db, storage }: ExportPorts,
  section: ExportSection,
): AsyncGenerator<string> {
  let isFirst = true;
  let after: string[] | null = null;
  do {
    const { rows, next } = await db.readPage(section, after);
    const text = section === "chat_files" ? await addDownloadUrls(storage, rows) : rows;
    if (text !== "") yield isFirst ? text : `,${text}`;
    isFirst &&= text === "";
    after = next;
  } while (after !== null);
}
