import { ApiError } from "../http/api-error.ts";
import { listIds, missingFiles } from "../http/fail-request.ts";
import { isUserMessage, listFileIds } from "../answers/read-messages.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { EmulatorState } from "../state.ts";
import { toItems } from "../conversations/to-items.ts";
import { ExtractionError } from "../retrieval/extraction-error.ts";
import { extractText } from "../retrieval/extract-text.ts";
import type { WireFile } from "../wire-types.ts";
import { useStore } from "../stores/vector-stores.ts";

/** The most bytes of all files in a request (https://developers.openai.com/api/docs/guides/file-inputs). */
const MOST_BYTES = 50_000_000;

/** The texts of files, which are read once. */
const texts = new WeakMap<WireFile, Promise<string | undefined>>();

/**
 * Checks, before a response starts, that it can read its vector stores and files. Returns the texts of the files in
 * the input, by id. Throws OpenAI's 404 for a missing vector store, and its 400 for an expired one, a missing file, or
 * files that are too large.
 */
export async function openSources(
  state: EmulatorState,
  params: CreateResponse,
): Promise<Map<string, string>> {
  refuseMissingFiles(state, params.input);
  const files = listInputFiles(params.input).flatMap((id) => state.files.get(id) ?? []);
  refuseLargeFiles(files);
  const ids = (params.tools ?? [])
    .flatMap((tool) => tool.type === "file_search" ? tool.vector_store_ids : []);
  refuseMissingStores(state, ids);
  await Promise.all(ids.map((id) => useStore(state, id).loaded));
  return await readFiles(state, files);
}

function listInputFiles(input: CreateResponse["input"]): string[] {
  return toItems(input).filter(isUserMessage).flatMap(({ content }) =>
    content.flatMap((part) => part.type === "input_file" && part.file_id ? part.file_id : [])
  );
}

function refuseLargeFiles(files: readonly WireFile[]): void {
  if (files.reduce((sum, { bytes }) => sum + bytes, 0) <= MOST_BYTES) return;
  const message = "The files in the request are too large. All files together may have 50 MB.";
  throw new ApiError(400, message, { param: "input" });
}

async function readFiles(
  state: EmulatorState,
  files: readonly WireFile[],
): Promise<Map<string, string>> {
  const read = new Map<string, string>();
  for (const file of files) {
    const text = texts.get(file) ?? readText(state, file);
    texts.set(file, text);
    const known = await text;
    if (known !== undefined) read.set(file.id, known);
  }
  return read;
}

/** Returns undefined for a file without text. The model sees the pages of such a PDF, but the emulator does not. */
async function readText(
  state: EmulatorState,
  { id, filename }: WireFile,
): Promise<string | undefined> {
  try {
    return await extractText(filename, await state.blobs.read(id));
  } catch (error) {
    if (error instanceof ExtractionError) return undefined;
    throw error;
  }
}

function refuseMissingFiles(state: EmulatorState, input: CreateResponse["input"]): void {
  const missing = toItems(input).filter(isUserMessage).flatMap(listFileIds)
    .filter((id) => !state.files.has(id));
  if (missing.length > 0) throw missingFiles(missing);
}

/** Throws in OpenAI's words for a file search. */
function refuseMissingStores(state: EmulatorState, ids: readonly string[]): void {
  const missing = ids.filter((id) => !state.vectorStores.has(id));
  if (missing.length === 0) return;
  throw new ApiError(404, `Vector store with id ${listIds(missing)} not found.`);
}
