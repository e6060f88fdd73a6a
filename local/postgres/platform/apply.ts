import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";

/** Runs one platform SQL file of this folder as the superuser at `url`. */
export async function applyPlatformSql(
  url: string,
  file: "before.sql" | "storage.sql" | "after.sql",
): Promise<void> {
  const text = await readFile(path.join(import.meta.dirname, file), "utf8");
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(
      text.replaceAll(":password", pg.escapeLiteral(`'${new URL(url).password}'`)),
    );
  } finally {
    await client.end();
  }
}
