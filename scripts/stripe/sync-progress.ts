import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { SyncCursor } from "./sync-all.ts";
import { steps } from "./sync-steps.ts";

/** The age at which a checkpoint is dropped, in milliseconds. Too much may have changed since. */
const LONGEST_MS = 60 * 60 * 1000;

const stepNames = Object.keys(steps).filter((name): name is keyof typeof steps => name in steps);

const Checkpoint = z.object({
  /** When the sync began, in milliseconds. */
  beganAt: z.number(),
  /** Names the project, the Stripe account and the settings of the sync. */
  settings: z.string(),
  cursor: z.object({
    firstTicket: z.number(),
    since: z.number(),
    step: z.enum([...stepNames, "leftovers", "done"]),
    after: z.string().optional(),
  }),
});

/** Stores the position of a sync. */
export interface SyncProgress {
  /** Returns null when the previous sync was completed, began over an hour ago, or had other settings. */
  load(): Promise<SyncCursor | null>;
  save(cursor: SyncCursor): Promise<void>;
  clear(): Promise<void>;
}

/** Opens the checkpoint of a sync in the state directory. `settings` tells syncs apart. */
export function openProgress(
  stateDir: string,
  settings: string,
  now: () => number = Date.now,
): SyncProgress {
  const file = path.join(stateDir, "sync-stripe.json");
  let beganAt = now();
  return {
    async load() {
      const text = await readFile(file, "utf8").catch(() => null);
      const stored = text === null ? undefined : parse(text);
      if (stored?.settings !== settings || now() - stored.beganAt > LONGEST_MS) return null;
      beganAt = stored.beganAt;
      return stored.cursor;
    },
    async save(cursor) {
      await mkdir(stateDir, { recursive: true });
      await writeFile(file, JSON.stringify({ beganAt, settings, cursor }));
    },
    async clear() {
      await rm(file, { force: true });
      beganAt = now();
    },
  };
}

function parse(text: string): z.infer<typeof Checkpoint> | undefined {
  try {
    return Checkpoint.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
