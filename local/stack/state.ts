import { mkdir, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { z } from "zod";
import type { Settings } from "./settings.ts";
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

/** Rejects, naming the variable to change, when something else listens on a port of the stack. */
export async function requireFreePorts(settings: Settings): Promise<void> {
  const ports = {
    PARLEY_API_PORT: settings.apiPort,
    PARLEY_DB_PORT: settings.dbPort,
    PARLEY_MAIL_PORT: settings.mailPort,
  };
  for (const [variable, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    throw new Error(
      `Port ${port} is in use, by another stack perhaps. Stop what listens there, or set ${variable}.`,
    );
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
