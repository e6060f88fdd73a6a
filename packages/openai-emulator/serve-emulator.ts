import { createAdaptorServer } from "@hono/node-server";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";
import {
  loadSnapshot,
  openSnapshotFile,
  type SnapshotFile,
} from "@parley/emulator-kit/snapshot-file.ts";
import { createOpenAIEmulator } from "./create-emulator.ts";
import { Snapshot } from "./snapshot.ts";

/** A running emulator. */
export interface ServedEmulator {
  /** The base URL for an OpenAI client; ends in `/v1`. */
  url: string;
  /** Saves the state, ends all connections and stops all work. */
  close(): Promise<void>;
}

/**
 * Where an emulator listens (0: any free port) and, if its state shall last, the file that holds it; the bytes
 * of files are in a folder beside that one.
 */
export interface ServeOptions {
  port: number;
  stateFile?: string;
  /** See `EmulatorOptions`. */
  now?: () => number;
}

/** Serves an emulator on 127.0.0.1; rejects when the port is taken or the state file is not one. */
export async function serveOpenAIEmulator(
  { port, stateFile, now }: ServeOptions,
): Promise<ServedEmulator> {
  const snapshot = stateFile === undefined ? undefined : await loadSnapshot(stateFile, Snapshot);
  const emulator = createOpenAIEmulator({
    snapshot,
    onChange: () => file?.saveSoon(),
    filesFolder: stateFile?.replace(/(?:\.json)?$/, ".files"),
    now,
  });
  const file: SnapshotFile | undefined = stateFile === undefined
    ? undefined
    : openSnapshotFile(stateFile, emulator.snapshot);
  const server = createAdaptorServer({
    fetch: (request, { outgoing }) =>
      emulator.fetch(request, { destroy: () => outgoing.destroy() }),
    overrideGlobalObjects: false,
  });
  return {
    url: `${await listen(server, port)}/v1`,
    async close() {
      // Before the rest, so that what is running now is found failed after the next start.
      await file?.close();
      await emulator.close();
      await closeServer(server);
    },
  };
}
