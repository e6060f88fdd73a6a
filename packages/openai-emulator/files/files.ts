import * as z from "zod";
import { ApiError } from "../http/api-error.ts";
import { findFile } from "../find-records.ts";
import { newId } from "../new-id.ts";
import { parseInput } from "../http/parse-request.ts";
import { receiveUpload, type Upload } from "./receive-upload.ts";
import type { EmulatorState } from "../state.ts";
import type { WireFile } from "../wire-types.ts";

/** The fields of an upload; the names of nested fields are as the SDK sends them. */
const CreateFile = z.strictObject({
  purpose: z.enum(["assistants", "vision", "user_data"]),
  "expires_after[anchor]": z.literal("created_at").optional(),
  "expires_after[seconds]": z.coerce.number().int().min(3_600).max(2_592_000).optional(),
});

/** Stores an upload. Throws OpenAI's 400 if the file is missing or empty, or if the purpose is missing. */
export async function addFile(state: EmulatorState, request: Request): Promise<WireFile> {
  const id = newId("file");
  try {
    const upload = await receiveUpload(request, (content) => state.blobs.write(id, content));
    const file = buildFile(id, upload, state.now());
    state.files.set(id, file);
    state.changed();
    return file;
  } catch (error) {
    await state.blobs.remove(id);
    throw error;
  }
}

/** Removes a file, also from every vector store. Throws OpenAI's 404 if it does not exist. */
export async function removeFile(state: EmulatorState, id: string): Promise<void> {
  findFile(state, id);
  state.files.delete(id);
  for (const { files, passages } of state.vectorStores.values()) {
    files.delete(id);
    passages.remove(id);
  }
  state.changed();
  await state.blobs.remove(id);
}

/** Returns the bytes of a file. Throws OpenAI's 400 if files with this purpose cannot be downloaded. */
export function openFile(state: EmulatorState, id: string): ReadableStream<Uint8Array> {
  const { purpose } = findFile(state, id);
  if (purpose === "vision") return state.blobs.stream(id);
  throw new ApiError(400, `Not allowed to download files of purpose: ${purpose}`);
}

function buildFile(id: string, { fields, file }: Upload, now: number): WireFile {
  const { purpose, "expires_after[seconds]": seconds } = parseInput(fields, CreateFile);
  if (!file) {
    const details = { param: "file", code: "missing_required_parameter" };
    throw new ApiError(400, "Missing required parameter: 'file'.", details);
  }
  if (file.bytes === 0) throw new ApiError(400, "File is empty.");
  return {
    id,
    object: "file",
    bytes: file.bytes,
    created_at: now,
    expires_at: seconds === undefined ? null : now + seconds,
    filename: file.name,
    purpose,
    status: "processed",
    status_details: null,
  };
}
