import { once } from "node:events";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { createOpenAIEmulator } from "./create-emulator.ts";
import { loadSnapshot, openSnapshotFile, type SnapshotFile } from "./snapshot-file.ts";

const HOST = "127.0.0.1";

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
  const snapshot = stateFile === undefined ? undefined : await loadSnapshot(stateFile);
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
    url: `http://${HOST}:${await listen(server, port)}/v1`,
    async close() {
      // Before the rest, so that what is running now is found failed after the next start.
      await file?.close();
      await emulator.close();
      await closeServer(server);
    },
  };
}

async function listen(server: ServerType, port: number): Promise<number> {
  server.listen(port, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return address.port;
}

async function closeServer(server: ServerType): Promise<void> {
  const closed = once(server, "close");
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  await closed;
}
