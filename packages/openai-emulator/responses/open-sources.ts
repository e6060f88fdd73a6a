import { ApiError } from "../http/api-error.ts";
import { isUserMessage, listFileIds } from "../answers/read-messages.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { EmulatorState } from "../state.ts";
import { toItems } from "../conversations/to-items.ts";
import { useStore } from "../stores/vector-stores.ts";

/**
 * Makes sure that a response can read what it is pointed to, before it starts. Throws OpenAI's 404 for a
 * vector store that is gone, the 400 for one that has expired and for a file that is gone.
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
  if (missing.length === 0) return;
  throw new ApiError(400, `Files ${listIds(missing)} were not found.`, { param: "input" });
}

/** In the words that OpenAI answers a file search with; it lists the ids as Python does. */
function refuseMissingStores(state: EmulatorState, ids: readonly string[]): void {
  const missing = ids.filter((id) => !state.vectorStores.has(id));
  if (missing.length === 0) return;
  throw new ApiError(404, `Vector store with id ${listIds(missing)} not found.`);
}

function listIds(ids: readonly string[]): string {
  return `[${ids.map((id) => `'${id}'`).join(", ")}]`;
}
