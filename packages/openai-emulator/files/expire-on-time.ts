import { removeFile } from "./files.ts";
import type { EmulatorState } from "../state.ts";

/** Expires vector stores and removes files when their time is over. */
export async function expireOnTime(state: EmulatorState): Promise<void> {
  const now = state.now();
  const isDue = ({ expires_at }: { expires_at: number | null }) =>
    expires_at !== null && expires_at <= now;
  for (const record of state.vectorStores.values()) {
    if (record.expired || !isDue(record.store)) continue;
    record.expired = true;
    state.changed();
  }
  const files = [...state.files.values()].filter(isDue);
  await Promise.all(files.map(({ id }) => removeFile(state, id)));
}
