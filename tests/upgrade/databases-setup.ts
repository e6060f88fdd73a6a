import type { TestProject } from "vitest/node";
import { SUPERUSER } from "../../local/postgres/names.ts";
import { startScratchDatabase } from "../../local/postgres/scratch-database.ts";
import { installPgTap } from "../database/runner/install-pgtap.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URLs of `template1` on a server with two databases: `postgres`, which is migrated, and `empty`, which is not. */
    upgradeServer: { superuser: string; postgres: string };
  }
}

/** Starts a server on which every upgrade test has databases of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installPgTap();
  const server = await startScratchDatabase();
  await server.createDatabase("empty");
  project.provide("upgradeServer", {
    superuser: server.url(SUPERUSER, "template1"),
    postgres: server.url("postgres", "template1"),
  });
  return async () => await server[Symbol.asyncDispose]();
}
