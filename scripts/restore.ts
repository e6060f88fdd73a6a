// `npm run db:restore -- backups/….dump [--url …] [--yes]`: replaces the database by an archive of `db:backup`.
import path from "node:path";
import { parseArgs } from "node:util";
import confirm from "@inquirer/confirm";
import { verifyChecksum } from "./operations/checksum.ts";
import { describeDatabase, findDatabase } from "./operations/find-database.ts";
import { restoreArchive } from "./operations/restore-archive.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values, positionals } = parseArgs({
    options: { url: { type: "string" }, yes: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [file, ...rest] = positionals;
  if (!file || rest.length > 0) {
    throw new Error("Usage: npm run db:restore -- backups/….dump [--url …] [--yes]");
  }
  const archive = path.resolve(file);
  await verifyChecksum(archive);
  const url = await findDatabase(values.url);
  if (!values.yes && !await agrees(url)) throw new Error("Nothing was changed.");
  await restoreArchive(archive, url);
  console.log(`Restored ${describeDatabase(url)} from ${archive}`);
});

/** Asks whether to overwrite the database. Rejects without a terminal. */
async function agrees(url: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Error(
      "Without a terminal, the restore cannot ask. Add --yes to overwrite without asking.",
    );
  }
  const message = `This overwrites everything in ${describeDatabase(url)}. Continue?`;
  // Ctrl-C counts as no.
  return await confirm({ message, default: false }).catch(() => false);
}
