import { readFile, writeFile } from "node:fs/promises";
import pg from "pg";
import { withConnection } from "../../local/postgres/with-connection.ts";

/**
 * Returns the path of the file with the key of `private.identities`. It exists only if the source keeps the key in
 * Vault; otherwise the archive itself has the key.
 */
export function pepperFile(archive: string): string {
  return `${archive}.pepper`;
}

/** Writes the key beside an archive, if the database keeps it in Vault. */
export async function backUpPepper(url: string, archive: string): Promise<void> {
  const pepper = await withConnection(url, async (client) => {
    const { rows: [row] } = await client.query<{ pepper: string | null }>(
      `select private.identity_pepper() as pepper
       where not exists (select from private.identity_peppers)`,
    );
    return row?.pepper;
  });
  if (pepper) await writeFile(pepperFile(archive), pepper, { mode: 0o600 });
}

/** Returns the statement that stores the key of an archive after its restore, or creates one if no key is known. */
export async function pepperStatement(archive: string): Promise<string> {
  const pepper = await readFile(pepperFile(archive), "utf8").catch(() => null);
  return `select private.keep_identity_pepper(${pepper ? pg.escapeLiteral(pepper.trim()) : ""});`;
}
