import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";

const HELPERS = path.resolve(import.meta.dirname, "../helpers.sql");
/** Longer than any statement of a test takes. A statement that exceeds it waits for a lock that nobody releases. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** Databases for tests: copies of one that has migrations, pgTAP and the helpers. */
export interface TestDatabases {
  /** Runs `use` on a new connection as `postgres`, to a database that no other test uses at the same time. */
  withDatabase<Result>(use: (client: pg.Client) => Promise<Result>): Promise<Result>;
}

/** Throws if a file does not roll its transaction back. The next file uses the same database. */
export function requireRollback(text: string): void {
  const isWhole = /^(--.*\n|\s)*begin;/.test(text) && /\brollback;\s*$/.test(text);
  if (!isWhole || /^\s*commit\b/im.test(text)) {
    throw new Error("a file of tests begins with `begin;` and ends with `rollback;`");
  }
}

/** Copies the database at `url` into a template and leaves the original as it is. All copies end with `resources`. */
export async function createTestDatabases(
  url: string,
  resources: AsyncDisposableStack,
): Promise<TestDatabases> {
  const admin = await connect(url);
  resources.defer(() => admin.end());
  const prefix = `parley_test_${process.pid}`;
  const template = `${prefix}_template`;
  let made = 0;
  const idle: string[] = [];

  resources.defer(() => drop(admin, template));
  await admin.query(`create database ${template} template ${pg.escapeIdentifier(nameIn(url))}`);
  await prepare(withName(url, template));

  // Created once and reused, because a copy costs more time than most files take.
  const create = async (name: string) => {
    resources.defer(() => drop(admin, name));
    await admin.query(`create database ${name} template ${template}`);
    return name;
  };

  return {
    async withDatabase(use) {
      const name = idle.pop() ?? await create(`${prefix}_${++made}`);
      const client = await connect(withName(url, name));
      try {
        return await use(client);
      } finally {
        await client.end();
        idle.push(name);
      }
    },
  };
}

async function prepare(url: string): Promise<void> {
  const client = await connect(url);
  try {
    // Migrations revoke functions from public, and the roles that tests act as must call pgTAP.
    await client.query(`
      alter default privileges in schema extensions grant execute on functions to public;
      create extension pgtap with schema extensions;
    `);
    await client.query(await readFile(HELPERS, "utf8"));
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    // A copy does not have its template's settings.
    options: "-c search_path=public,extensions",
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A broken connection also rejects its query, so this event needs no handling.
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function drop(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${name} with (force)`);
}

function nameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

function withName(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}
