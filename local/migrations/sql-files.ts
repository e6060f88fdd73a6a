import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../stack/settings.ts";

/** A file of `sql/`, with its path from the project root (with slashes) and its text. */
export interface SqlFile {
  path: string;
  text: string;
}

/** Reads the files of `sql/` in the order that makes a database: folders and files by name, depth first. */
export async function readSqlFiles(project: string = REPOSITORY): Promise<SqlFile[]> {
  const found = await Array.fromAsync(glob("sql/**/*.sql", { cwd: project }));
  const paths = found.map((file) => file.split(path.sep)).sort(comparePaths);
  return await Promise.all(paths.map(async (segments) => ({
    path: segments.join("/"),
    text: await readFile(path.join(project, ...segments), "utf8"),
  })));
}

/** Compares segment by segment: `09_turns/10_tables.sql` comes before `10_billing.sql`. */
function comparePaths(one: string[], other: string[]): number {
  for (const [index, segment] of one.entries()) {
    const opposite = other[index] ?? "";
    if (segment !== opposite) return segment < opposite ? -1 : 1;
  }
  return 0;
}
