import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { readStateFile } from "./state-file.ts";
import { readStatus } from "./status.ts";

/** The layout and the Postgres that this version can read. */
const VERSION = { layout: 1, postgres: 17 } as const;

const StateVersion = z.object({ layout: z.number(), postgres: z.number() });

/** Rejects when another version of Parley made the state directory. The error says what to do. */
export async function requireOwnVersion(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const file = path.join(stateDir, "version.json");
  const found = await readStateFile(file, StateVersion);
  if (found === null) return await writeFile(file, JSON.stringify(VERSION));
  if (found.layout === VERSION.layout && found.postgres === VERSION.postgres) return;
  throw new Error(
    `${stateDir} was made by another version (layout ${found.layout}, Postgres ${found.postgres}; ` +
      `this one has layout ${VERSION.layout}, Postgres ${VERSION.postgres}). ` +
      "Remove it to start anew, or set PARLEY_STATE_DIR to another folder.",
  );
}

/** Rejects when a stack already runs on the state directory. */
export async function requireNotRunning(stateDir: string): Promise<void> {
  const running = await readStatus(stateDir);
  if (running) {
    throw new Error(`A stack already runs on ${stateDir}: ${running.API_URL}. Stop it first.`);
  }
}

const Ports = z.object({ api: z.number(), db: z.number(), mail: z.number() });

/** The ports that the parts of a stack listen on. */
export type StackPorts = z.infer<typeof Ports>;

/** Returns the ports of the previous start, because tokens and open clients still name those addresses. */
export async function lastPorts(stateDir: string): Promise<Partial<StackPorts>> {
  return await readStateFile(path.join(stateDir, "ports.json"), Ports.partial()) ?? {};
}

/** Stores the ports of the stack for a later start that may use any port. */
export async function rememberPorts(stateDir: string, ports: StackPorts): Promise<void> {
  await writeFile(path.join(stateDir, "ports.json"), JSON.stringify(ports, null, 2));
}
