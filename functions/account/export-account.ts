import { AccountExport, type ExportSection } from "../../types/api.ts";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";
import { addDownloadUrls } from "./add-download-urls.ts";
import type { ExportDatabase } from "./export-database.ts";

/** What an export needs of the world, as the user. */
export interface ExportPorts {
  db: ExportDatabase;
  storage: FileStorage;
}

/**
 * An `AccountExport` as text, a page of rows at a time. Each row is as it was when its page was read, and comes once;
 * what is made or deleted meanwhile may or may not be there.
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
