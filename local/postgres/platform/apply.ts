import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { withConnection } from "../with-connection.ts";

/** Runs one SQL file of this folder as the superuser at `url`. */
export async function applyPlatformSql(
  url: string,
  file: "before.sql" | "storage.sql" | "realtime.sql" | "after.sql",
): Promise<void> {
  const text = await readFile(path.join(import.meta.dirname, file), "utf8");
  const password = pg.escapeLiteral(`'${new URL(url).password}'`);
  await withConnection(url, (client) => client.query(text.replaceAll(":password", password)));
}
