import { createAdaptorServer } from "@hono/node-server";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";
import {
  loadSnapshot,
  openSnapshotFile,
  type SnapshotFile,
} from "@parley/emulator-kit/snapshot-file.ts";
import { createOpenAIEmulator } from "./create-emulator.ts";
import { Snapshot } from "./snapshot.ts";
import type { WebhookEndpoint } from "./webhooks/send-event.ts";

/** A running emulator. */
export interface ServedEmulator {
  /** The base URL for an OpenAI client; ends in `/v1`. */
  url: string;
  /** Saves the state, ends all connections and stops all work. */
  close(): Promise<void>;
}

/**
 * The port of an emulator (0 for any free one), and the file for its state, if the state must last. The bytes
 * of files go into a folder beside the state file.
 */
export interface ServeOptions {
  port: number;
  stateFile?: string;
  /** See `EmulatorOptions`. */
  tokensPerSecond?: number;
  /** See `EmulatorOptions`. */
  webhook?: WebhookEndpoint;
  /** See `EmulatorOptions`. */
  now?: () => number;
}

/** Serves an emulator on 127.0.0.1. Rejects if the port is taken or the state file is invalid. */
export async function serveOpenAIEmulator(
  { port, stateFile, tokensPerSecond, webhook, now }: ServeOptions,
): Promise<ServedEmulator> {
  const snapshot = stateFile === undefined ? undefined : await loadSnapshot(stateFile, Snapshot);
  const emulator = createOpenAIEmulator({
    snapshot,
    onChange: () => file?.saveSoon(),
    filesFolder: stateFile?.replace(/(?:\.json)?$/, ".files"),
    tokensPerSecond,
    webhook,
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
      // Saved first, so that the next start finds running responses and marks them as failed.
      await file?.close();
      await emulator.close();
      await closeServer(server);
    },
  };
}
