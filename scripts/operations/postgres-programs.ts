import { execa, ExecaError } from "execa";
import { withConnection } from "./find-database.ts";

/** A program of PostgreSQL's client packages. */
export type Program = "pg_dump" | "pg_restore" | "psql";

/** How a program reaches a database: the password goes by the environment, where other users cannot read it. */
export interface ProgramTarget {
  /** For `--dbname`. */
  dbname: string;
  env: Record<string, string>;
}

/** What to give a program to reach the database at `url`. */
export function programTarget(url: string): ProgramTarget {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = "";
  // A parameter of the Node driver; libpq refuses what it does not know.
  address.searchParams.delete("uselibpqcompat");
  return { dbname: address.href, env: password ? { PGPASSWORD: password } : {} };
}

/** Rejects, saying what to install, unless each program is there and not older than the server at `url`. */
export async function requirePrograms(programs: Program[], url: string): Promise<void> {
  const clients = await Promise.all(programs.map(readVersion));
  const server = await withConnection(
    url,
    async (client) => (await client.query("show server_version")).rows[0].server_version,
  );
  for (const [index, client] of clients.entries()) {
    if (major(client) >= major(server)) continue;
    throw new Error(
      `${programs[index]} has version ${client}, the server has version ${server}: ` +
        `a client older than its server is refused.\n${howToInstall(major(server))}`,
    );
  }
}

async function readVersion(program: Program): Promise<string> {
  const { stdout } = await runProgram(program, ["--version"]);
  return stdout.match(/\d+(\.\d+)*/)?.[0] ?? "0";
}

/** Runs a program to its end. Rejects with what it said; its arguments and environment stay out of that. */
export async function runProgram(
  program: Program,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string }> {
  try {
    const { stdout } = await execa(program, args, { env, stdin: "ignore" });
    return { stdout };
  } catch (error) {
    throw explainFailure(program, error);
  }
}

/** The error to show when a program did not run or did not end well. */
export function explainFailure(program: Program, error: unknown): unknown {
  if (!(error instanceof ExecaError)) return error;
  if (error.code === "ENOENT") {
    return new Error(
      `${program} is not installed. The Postgres of the local stack comes without it.\n${howToInstall()}`,
    );
  }
  return new Error(`${program} failed:\n${error.stderr || error.shortMessage}`);
}

function howToInstall(version?: number): string {
  return "Install PostgreSQL's client programs" +
    (version ? ` of version ${version} or newer` : " (not older than the server)") +
    " and put them first in PATH: Debian `postgresql-client-<version>` (apt.postgresql.org has all), " +
    "macOS `brew install libpq`.";
}

function major(version: string): number {
  return Number.parseInt(version);
}
