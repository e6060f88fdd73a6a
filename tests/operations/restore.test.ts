import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { pathWith, scratchDirectory } from "../helpers/fake-programs.ts";
import { runScript } from "../helpers/run-script.ts";

const version = (name: string, number: string) => `echo '${name} (PostgreSQL) ${number}'`;

/** Writes an archive and its checksum file, with this checksum or the right one. */
async function makeArchive(checksum?: string): Promise<string> {
  const archive = path.join(await scratchDirectory(), "sample.dump");
  await writeFile(archive, "not really an archive");
  const right = createHash("sha256").update("not really an archive").digest("hex");
  await writeFile(`${archive}.sha256`, `${checksum ?? right}  sample.dump\n`);
  return archive;
}

test("an archive that does not match its checksum is refused", async () => {
  const { exitCode, stderr } = await runScript("restore.ts", [
    await makeArchive("0".repeat(64)),
    "--yes",
  ]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("is damaged");
});

test("an archive without a checksum is refused", async () => {
  const archive = path.join(await scratchDirectory(), "sample.dump");
  await writeFile(archive, "anything");

  const { exitCode, stderr } = await runScript("restore.ts", [archive, "--yes"]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("sample.dump.sha256 is missing");
});

test("without a terminal and without --yes nothing is overwritten", async () => {
  const { exitCode, stderr } = await runScript("restore.ts", [await makeArchive()]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("--yes");
});

test("client programs older than the server are refused with both versions", async () => {
  const PATH = await pathWith({
    pg_restore: version("pg_restore", "17.10"),
    psql: version("psql", "15.18"),
  });

  const { exitCode, stderr } = await runScript("restore.ts", [await makeArchive(), "--yes"], {
    PATH,
  });

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/psql has version 15\.18, the server has version 17\.\d+/);
});

test("without client programs the script says what to install", async () => {
  const PATH = await pathWith({});

  const { exitCode, stderr } = await runScript("restore.ts", [await makeArchive(), "--yes"], {
    PATH,
  });

  expect(exitCode).toBe(1);
  expect(stderr).toContain("pg_restore is not installed");
});

test.for([[true, "'it''s a key of identities, as in Vault'"], [false, ""]] as const)(
  "a restore keeps the key of identities: %j",
  async ([isBeside, argument]) => {
    const archive = await makeArchive();
    if (isBeside) await writeFile(`${archive}.pepper`, "it's a key of identities, as in Vault\n");
    const fed = path.join(await scratchDirectory(), "fed.sql");
    const PATH = await pathWith({
      pg_restore: version("pg_restore", "99.1"),
      psql:
        `if [ "$1" = --version ]; then echo 'psql (PostgreSQL) 99.1'; else /bin/cat > ${fed}; fi`,
    });

    const { exitCode, stderr } = await runScript("restore.ts", [archive, "--yes"], { PATH });

    expect(exitCode, stderr).toBe(0);
    const lines = (await readFile(fed, "utf8")).trimEnd().split("\n");
    expect(lines.slice(-2)).toEqual([
      `select private.keep_identity_pepper(${argument});`,
      "commit;",
    ]);
  },
);
