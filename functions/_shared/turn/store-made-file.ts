import pRetry from "p-retry";
import { runInBackground } from "../http/background.ts";
import { AppError } from "../http/errors.ts";
import { describeError } from "../http/log.ts";
import { sha256Hex } from "../http/sha256.ts";
import { isGone } from "../openai/store-lost.ts";
import type { FileRow } from "../session-files/file-database.ts";
import {
  detectKind,
  OTHER_TYPE,
  readExtension,
  SAMPLE_BYTES,
} from "../session-files/file-kinds.ts";
import { displayName, objectPath } from "../session-files/file-names.ts";
import type { FilePorts } from "../session-files/file-ports.ts";
import { indexFile } from "../session-files/index-file.ts";
import { meter, peek } from "../session-files/read-content.ts";
import type { MadeFile } from "./events/map-made-files.ts";

/** The turn in which the model makes files. */
export interface MakingTurn {
  id: string;
  profileId: string;
}

/** A file that the model made, without its bytes. */
export interface OpenableFile {
  /** OpenAI's id of the image or file. */
  remoteId: string;
  /** The name that a program gave it; null for an image, which has none. */
  name: string | null;
  /** Opens the bytes, as often as they are needed. */
  open(): Promise<Content>;
}

/** The bytes of a file. */
interface Content {
  stream: AsyncIterable<Uint8Array>;
  size?: number;
}

/**
 * Stores a file that the model made as a file of the session, and sends it to OpenAI in the background. Several
 * processes may store the same file: its id follows from the turn and OpenAI's id, so it is stored once. Returns null
 * when the session or the file was deleted meanwhile. Throws OpenAI's error, a refusal or a StorageFailure after three
 * attempts; then nothing is left of the file.
 */
export async function storeMadeFile(
  ports: FilePorts,
  turn: MakingTurn,
  file: OpenableFile,
  signal: AbortSignal,
): Promise<FileRow | null> {
  const fileId = await makeFileId(turn.id, file.remoteId);
  try {
    return await pRetry(() => storeOnce(ports, turn, { ...file, fileId }, signal), {
      retries: 2,
      minTimeout: 300,
      signal,
      shouldRetry: ({ error }) => !isFinal(error),
    });
  } catch (error) {
    if (error instanceof AppError && error.code === "file_not_found") return null;
    await ports.files.dropPending(fileId).catch((cause) =>
      // The clean-up drops it later.
      ports.log.error("made_file_not_dropped", { file_id: fileId, ...describeError(cause) })
    );
    throw error;
  }
}

async function storeOnce(
  ports: FilePorts,
  turn: MakingTurn,
  file: OpenableFile & { fileId: string },
  signal: AbortSignal,
): Promise<FileRow | null> {
  const { files, storage } = ports;
  const { fileId } = file;
  const earlier = await files.find(fileId);
  if (earlier && isStored(earlier)) return earlier;
  const { stream, size } = await file.open();
  const { sample, content } = await peek(stream, SAMPLE_BYTES);
  if (sample.byteLength === 0) throw new AppError("empty_file");
  const { name, type, path } = describeContent(turn, file, sample);
  const row = await files.createMade({ turnId: turn.id, fileId, name, type, path, size });
  if (isStored(row)) return row;
  const metered = meter(content, null);
  const options = { name: row.file_name, replaces: true };
  await storage.put(row.storage_path, metered.stream, row.file_type, options);
  signal.throwIfAborted();
  return await settleStored(ports, row, await metered.measure());
}

/** Records that the bytes are stored. The session may have the same bytes already, or none of this file any more. */
async function settleStored(
  ports: FilePorts,
  row: FileRow,
  measured: { size: number; sha256: string },
): Promise<FileRow | null> {
  const { files } = ports;
  try {
    const stored = await files.store(row.id, measured);
    if (stored.id === row.id) runInBackground(indexFile(ports, stored));
    return stored;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "file_not_found") throw error;
    const known = await files.findByContent(row, measured.sha256);
    // The object may have arrived after the outbox had deleted it.
    if (known?.storage_path !== row.storage_path) await files.abandon("object", row.storage_path);
    return known;
  }
}

/** Returns name, type and path of a file. The content decides the type, not the name. */
function describeContent(
  { profileId }: MakingTurn,
  file: OpenableFile,
  sample: Uint8Array,
): { name: string; type: string; path: string } {
  const given = file.name === null ? "image" : displayName(file.name);
  const kind = detectKind(given, sample) ??
    { type: OTHER_TYPE, extension: readExtension(given) };
  const name = file.name === null ? given + kind.extension : given;
  // A path of its own for each attempt: the outbox may still delete the object of an earlier one.
  const path = objectPath(profileId, name, kind.extension);
  return { name, type: kind.type, path };
}

/**
 * Prepares a file to be stored. Decodes an image at once, so that its base64 text does not stay in memory. The bytes of
 * a file of the code interpreter are downloaded when they are opened.
 */
export function makeOpenable(
  { openai }: FilePorts,
  file: MadeFile,
  signal: AbortSignal,
): OpenableFile {
  const { remoteId } = file;
  if (file.kind === "image") {
    const bytes = decodeBase64(file.base64);
    const open = () => Promise.resolve({ stream: yieldBytes(bytes), size: bytes.byteLength });
    return { remoteId, name: null, open };
  }
  const { name, containerId: container_id } = file;
  return {
    remoteId,
    name,
    async open() {
      const { content } = openai.containers.files;
      const { body, headers } = await content.retrieve(remoteId, { container_id }, { signal });
      if (!body) throw new Error("OpenAI sent no content");
      const isPlain = headers.get("content-encoding") === null;
      const length = isPlain ? headers.get("content-length") : null;
      return { stream: body, ...(length !== null && { size: Number(length) }) };
    },
  };
}

async function* yieldBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function decodeBase64(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function isStored({ status }: FileRow): boolean {
  return status === "indexing" || status === "ready";
}

/** Returns true for an error that a repetition would not change. */
function isFinal(error: unknown): boolean {
  return isGone(error) || (error instanceof AppError && error.status < 500);
}

/** Returns the id of a file that the model made: a UUID of version 8 from a hash of the turn and OpenAI's id. */
async function makeFileId(turnId: string, remoteId: string): Promise<string> {
  const hash = await sha256Hex(`${turnId}/${remoteId}`);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
