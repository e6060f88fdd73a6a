import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { pathWith, scratchDirectory } from "../helpers/fake-programs.ts";
import { runScript } from "../helpers/run-script.ts";
import { asPostgres, stack } from "../helpers/stack.ts";

/** A pg_dump that writes its arguments and environment into the archive. */
const TELLING = `
  if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; exit; fi
  for argument; do case "$argument" in --file=*) file=\${argument#--file=};; esac; done
  { echo "arguments: $*"; echo "password: $PGPASSWORD"; } > "$file"
`;
const PASSWORD = decodeURIComponent(new URL(stack.DB_URL).password);

test("a pg_dump older than the server is refused with both versions", async () => {
  const PATH = await pathWith({ pg_dump: "echo 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0)'" });
  const directory = await scratchDirectory();

  const { exitCode, stderr } = await runScript("backup.ts", ["--dir", directory], { PATH });

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/pg_dump has version 15\.18, the server has version 17\.\d+/);
  expect(await readdir(directory)).toEqual([]);
});

test("without pg_dump the script says what to install", async () => {
  const { exitCode, stderr } = await runScript("backup.ts", [], { PATH: await pathWith({}) });

  expect(exitCode).toBe(1);
  expect(stderr).toContain("pg_dump is not installed");
  expect(stderr).toContain("postgresql-client");
});

test("the password is passed in the environment and appears nowhere else", async () => {
  const PATH = await pathWith({ pg_dump: TELLING });
  const directory = await scratchDirectory();

  const { exitCode, stdout, stderr } = await runScript("backup.ts", ["--dir", directory], { PATH });

  expect(exitCode, stderr).toBe(0);
  const [archive = ""] = (await readdir(directory)).filter((name) => name.endsWith(".dump"));
  const [given, password] = (await readFile(path.join(directory, archive), "utf8")).split("\n");
  expect(given).toContain("--format=custom");
  expect(given).not.toContain(PASSWORD);
  expect(password).toBe(`password: ${PASSWORD}`);
  expect(stdout + stderr).not.toContain(PASSWORD);
});

test("only its owner can read an archive, and its checksum lies beside it", async () => {
  const PATH = await pathWith({ pg_dump: TELLING });
  const directory = await scratchDirectory();

  await runScript("backup.ts", ["--dir", directory], { PATH });

  const [archive = "", sum = ""] = (await readdir(directory)).sort();
  const content = await readFile(path.join(directory, archive));
  expect((await stat(path.join(directory, archive))).mode & 0o777).toBe(0o600);
  expect(sum).toBe(`${archive}.sha256`);
  expect(await readFile(path.join(directory, sum), "utf8")).toBe(
    `${createHash("sha256").update(content).digest("hex")}  ${archive}\n`,
  );
});

test("--keep leaves the newest archives of this database and all other files", async () => {
  const PATH = await pathWith({ pg_dump: TELLING });
  const directory = await scratchDirectory();
  const others = ["notes.txt", "postgres-elsewhere-postgres-20200101T000000000Z.dump"];
  for (const name of others) await writeFile(path.join(directory, name), "");

  const made: string[] = [];
  for (let backup = 0; backup < 3; backup += 1) {
    await runScript("backup.ts", ["--dir", directory, "--keep", "2"], { PATH });
    made.push(
      ...(await readdir(directory)).filter((name) =>
        name.endsWith(".dump") && !others.includes(name) && !made.includes(name)
      ),
    );
  }

  const kept = made.slice(1);
  expect(await readdir(directory)).toEqual(
    [...others, ...kept, ...kept.map((name) => `${name}.sha256`)].sort(),
  );
});

test("a failing pg_dump leaves no archive", async () => {
  const script = `
    if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; exit; fi
    for argument; do case "$argument" in --file=*) echo half > "\${argument#--file=}";; esac; done
    echo "connection lost" >&2; exit 1
  `;
  const directory = await scratchDirectory();

  const { exitCode, stderr } = await runScript("backup.ts", ["--dir", directory], {
    PATH: await pathWith({ pg_dump: script }),
  });

  expect(exitCode).toBe(1);
  expect(stderr).toContain("connection lost");
  expect(stderr).not.toContain(PASSWORD);
  expect(await readdir(directory)).toEqual([]);
});

test("the key of identities is backed up beside the archive when Vault has it", async () => {
  const PATH = await pathWith({ pg_dump: TELLING });
  const directory = await scratchDirectory();
  const [stored] = await asPostgres<{ pepper: string }>(
    "select pepper from private.identity_peppers",
  );
  await asPostgres(`
    create schema vault;
    create view vault.decrypted_secrets as
      select 'parley_identity_pepper' as name, repeat('s', 64) as decrypted_secret;
    delete from private.identity_peppers;
  `);
  try {
    await runScript("backup.ts", ["--dir", directory, "--keep", "1"], { PATH });
    const [kept = ""] = (await readdir(directory)).filter((name) => name.endsWith(".pepper"));
    expect(await readFile(path.join(directory, kept), "utf8")).toBe("s".repeat(64));
    expect((await stat(path.join(directory, kept))).mode & 0o777).toBe(0o600);

    await runScript("backup.ts", ["--dir", directory, "--keep", "1"], { PATH });
    expect((await readdir(directory)).filter((name) => name.endsWith(".pepper"))).toHaveLength(1);
  } finally {
    await asPostgres("drop schema vault cascade");
    await asPostgres("insert into private.identity_peppers (pepper) values ($1)", [stored?.pepper]);
  }
});
