import { hash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { SyncCursor } from "./sync-all.ts";
import { steps } from "./sync-steps.ts";

const stepNames = Object.keys(steps).filter((name): name is keyof typeof steps => name in steps);

const Cursor = z.object({
  firstTicket: z.number(),
  since: z.number(),
  step: z.enum([...stepNames, "leftovers", "done"]),
  after: z.string().optional(),
});

/** Stores the position of a sync. */
export interface SyncProgress {
  /** Returns null when the previous sync was completed. */
  load(): Promise<SyncCursor | null>;
  save(cursor: SyncCursor): Promise<void>;
  clear(): Promise<void>;
}

/** Opens the progress file of a project, in the state directory. */
export function openProgress(stateDir: string, projectUrl: string): SyncProgress {
  const name = hash("sha256", projectUrl).slice(0, 12);
  const file = path.join(stateDir, `sync-stripe-${name}.json`);
  return {
    async load() {
      const text = await readFile(file, "utf8").catch(() => null);
      return text === null ? null : Cursor.safeParse(JSON.parse(text)).data ?? null;
    },
    async save(cursor) {
      await mkdir(stateDir, { recursive: true });
      await writeFile(file, JSON.stringify(cursor));
    },
    clear: () => rm(file, { force: true }),
  };
}
