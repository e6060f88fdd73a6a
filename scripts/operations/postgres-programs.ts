import { execa, ExecaError } from "execa";
import { withConnection } from "../../local/postgres/with-connection.ts";

/** A program of PostgreSQL's client packages. */
export type Program = "pg_dump" | "pg_restore" | "psql";

/** The address of a database for a program. The environment holds the password, which other users cannot read there. */
export interface ProgramTarget {
  /** The value of `--dbname`. */
  dbname: string;
  env: Record<string, string>;
}

/** Converts the URL of a database for a program. */
export function programTarget(url: string): ProgramTarget {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = "";
  // A parameter of the Node driver. libpq refuses unknown parameters.
  address.searchParams.delete("uselibpqcompat");
  return { dbname: address.href, env: password ? { PGPASSWORD: password } : {} };
}

/** Rejects unless all programs are installed and not older than the server at `url`. The error says what to install. */
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
        `the program must not be older than the server.\n${howToInstall(major(server))}`,
    );
  }
}

async function readVersion(program: Program): Promise<string> {
  const { stdout } = await runProgram(program, ["--version"]);
  return stdout.match(/\d+(\.\d+)*/)?.[0] ?? "0";
}

/** Runs a program. Rejects with its error output, but without its arguments and environment. */
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

/** Returns the error to show when a program could not start or has failed. */
export function explainFailure(program: Program, error: unknown): unknown {
  if (!(error instanceof ExecaError)) return error;
  if (error.code === "ENOENT") {
    return new Error(
      `${program} is not installed. The Postgres of the local stack does not include it.\n${howToInstall()}`,
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
