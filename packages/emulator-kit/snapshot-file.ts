import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";

/** How long changes are gathered before they are written, in milliseconds: longer when writing them takes long. */
const GATHER_MS = 250;
const GATHER_SHARE = 10;

/** A JSON file that holds the latest snapshot. */
export interface SnapshotFile {
  /** Writes soon; calls in between are one write. */
  saveSoon(): void;
  /** Writes a last time and ignores later changes; resolves when the file is whole. */
  close(): Promise<void>;
}

/** The snapshot in the file at `path`, or undefined when there is no file; throws when it is not one. */
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

/** Keeps the file at `path` up to date with what `take` returns; the file is never half-written. */
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

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  // It holds what people have said.
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
