import { once } from "node:events";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { createStripeEmulator, type EmulatorOptions } from "./create-emulator.ts";
import { loadSnapshot, openSnapshotFile, type SnapshotFile } from "./snapshot-file.ts";

const HOST = "127.0.0.1";

/** A running emulator. */
export interface ServedEmulator {
  /** Its address, without a path. */
  url: string;
  /** Saves the state, ends all connections and stops all deliveries. */
  close(): Promise<void>;
}

/** Where an emulator listens (0: any free port) and, if its state shall last, the file that holds it. */
export interface ServeOptions extends Pick<EmulatorOptions, "webhook" | "retryDelaysMs"> {
  port: number;
  stateFile?: string;
}

/** Serves an emulator on 127.0.0.1; rejects when the port is taken or the state file is not one. */
export async function serveStripeEmulator(
  { port, stateFile, ...options }: ServeOptions,
): Promise<ServedEmulator> {
  const snapshot = stateFile === undefined ? undefined : await loadSnapshot(stateFile);
  const onChange = () => file?.saveSoon();
  const emulator = createStripeEmulator({ ...options, snapshot, onChange });
  const file: SnapshotFile | undefined = stateFile === undefined
    ? undefined
    : openSnapshotFile(stateFile, emulator.snapshot);
  const server = createAdaptorServer({ fetch: emulator.fetch, overrideGlobalObjects: false });
  return {
    url: `http://${HOST}:${await listen(server, port)}`,
    async close() {
      emulator.close();
      await closeServer(server);
      await file?.close();
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
