import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";

/** The time in which changes are gathered before a write, in milliseconds. It grows if serializing takes long. */
const GATHER_MS = 250;
/** The gathering time is at least this many times the time that serializing took. */
const GATHER_SHARE = 10;

/** A JSON file that holds the latest snapshot. */
export interface SnapshotFile {
  /** Schedules a write; calls before it share that write. */
  saveSoon(): void;
  /** Writes a last time and ignores later changes; resolves when the file is complete. */
  close(): Promise<void>;
}

/** Reads the snapshot at `path`; undefined if there is no file. Rejects if the file is not a valid snapshot. */
export async function loadSnapshot<Snapshot>(
  path: string,
  shape: z.ZodType<Snapshot>,
): Promise<Snapshot | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : shape.parse(JSON.parse(text));
}

/** Keeps the file at `path` up to date with the result of `take`; the file is never half-written. */
export function openSnapshotFile(path: string, take: () => unknown): SnapshotFile {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let written = Promise.resolve();
  let pause = GATHER_MS;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    const begun = performance.now();
    const text = JSON.stringify(take());
    pause = Math.max(GATHER_MS, GATHER_SHARE * (performance.now() - begun));
    written = written.then(() => replaceFile(path, text));
    return written;
  };
  return {
    saveSoon() {
      if (!closed) timer ??= setTimeout(save, pause);
    },
    close() {
      closed = true;
      return save();
    },
  };
}

/** Returns a schema for an object that an emulator wrote; it does not validate the properties again. */
export function written<Type extends { id: string }>(): z.ZodType<Type> {
  return z.custom<Type>((value) => typeof value === "object" && value !== null && "id" in value);
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  // Only the owner may read the file, because it holds messages of users.
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
