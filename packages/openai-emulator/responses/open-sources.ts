import { ApiError } from "../http/api-error.ts";
import { listIds, missingFiles } from "../http/fail-request.ts";
import { isUserMessage, listFileIds } from "../answers/read-messages.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { EmulatorState } from "../state.ts";
import { toItems } from "../conversations/to-items.ts";
import { useStore } from "../stores/vector-stores.ts";

/**
 * Checks, before a response starts, that it can read its vector stores and files. Throws OpenAI's 404 for a
 * missing vector store, and its 400 for an expired one or a missing file.
 */
export async function openSources(state: EmulatorState, params: CreateResponse): Promise<void> {
  refuseMissingFiles(state, params.input);
  const ids = (params.tools ?? [])
    .flatMap((tool) => tool.type === "file_search" ? tool.vector_store_ids : []);
  refuseMissingStores(state, ids);
  await Promise.all(ids.map((id) => useStore(state, id).loaded));
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
