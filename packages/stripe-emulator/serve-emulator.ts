import { createAdaptorServer } from "@hono/node-server";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";
import {
  loadSnapshot,
  openSnapshotFile,
  type SnapshotFile,
} from "@parley/emulator-kit/snapshot-file.ts";
import { createStripeEmulator, type EmulatorOptions } from "./create-emulator.ts";
import { Snapshot } from "./snapshot.ts";

/** A running emulator. */
export interface ServedEmulator {
  /** Its address, without a path. */
  url: string;
  /** Saves the state, ends all connections and stops all deliveries. */
  close(): Promise<void>;
}

/** The port of an emulator (0 for any free one), and the file for its state, if the state must last. */
export interface ServeOptions extends Pick<EmulatorOptions, "webhook" | "retryDelaysMs"> {
  port: number;
  stateFile?: string;
}

/** Serves an emulator on 127.0.0.1. Rejects if the port is taken or the state file is invalid. */
export async function serveStripeEmulator(
  { port, stateFile, ...options }: ServeOptions,
): Promise<ServedEmulator> {
  const snapshot = stateFile === undefined ? undefined : await loadSnapshot(stateFile, Snapshot);
  const onChange = () => file?.saveSoon();
  const emulator = createStripeEmulator({ ...options, snapshot, onChange });
  const file: SnapshotFile | undefined = stateFile === undefined
    ? undefined
    : openSnapshotFile(stateFile, emulator.snapshot);
  const server = createAdaptorServer({ fetch: emulator.fetch, overrideGlobalObjects: false });
  return {
    url: await listen(server, port),
    async close() {
      emulator.close();
      await closeServer(server);
      await file?.close();
    },
  };
}
