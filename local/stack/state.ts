import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { readStatus } from "./status.ts";

/** What a state directory was made by; another layout or Postgres cannot be read by this version. */
const VERSION = { layout: 1, postgres: 17 } as const;

const StateVersion = z.object({ layout: z.number(), postgres: z.number() });

/** Rejects with what to do when another version of Parley made the state directory. */
export async function requireOwnVersion(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const file = path.join(stateDir, "version.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return await writeFile(file, JSON.stringify(VERSION));
  const found = parseState(file, text, StateVersion);
  if (found.layout === VERSION.layout && found.postgres === VERSION.postgres) return;
  throw new Error(
    `${stateDir} was made by another version (layout ${found.layout}, Postgres ${found.postgres}; ` +
      `this one has layout ${VERSION.layout}, Postgres ${VERSION.postgres}). ` +
      "Remove it to start anew, or set PARLEY_STATE_DIR to another folder.",
  );
}

/** What a file of the state directory holds. Throws an Error that names the file and the way out. */
function parseState<T>(file: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${file} is damaged. Remove the state directory to start anew.`);
  }
}

/** Rejects when a stack already runs on the state directory. */
export async function requireNotRunning(stateDir: string): Promise<void> {
  const running = await readStatus(stateDir);
  if (running) {
    throw new Error(`A stack already runs on ${stateDir}: ${running.API_URL}. Stop it first.`);
  }
}

const Ports = z.object({ api: z.number(), db: z.number(), mail: z.number() });

/** Where the parts of a stack listen. */
export type StackPorts = z.infer<typeof Ports>;

/** Where the stack of a state directory listened last: tokens and open clients name those addresses. */
export async function lastPorts(stateDir: string): Promise<Partial<StackPorts>> {
  const file = path.join(stateDir, "ports.json");
  const text = await readFile(file, "utf8").catch(() => "{}");
  return parseState(file, text, Ports.partial());
}

/** Remembers where the stack listens, for a next start that may take any port. */
export async function rememberPorts(stateDir: string, ports: StackPorts): Promise<void> {
  await writeFile(path.join(stateDir, "ports.json"), JSON.stringify(ports, null, 2));
}
