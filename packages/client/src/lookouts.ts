import type { LookoutChange, LookoutRequest } from "../../../types/client-results.ts";
import type { Calls } from "./calls.ts";
import type { Lookout, LookoutRun } from "./database.ts";

export type { LookoutChange, LookoutRequest };

/** Prompts that run on a schedule. */
export interface Lookouts {
  /**
   * Lists the lookouts of the caller, newest first, archived ones included.
   *
   * @example
   * const lookouts = await parley.lookouts.list();
   */
  list(): Promise<Lookout[]>;
  /**
   * Creates a lookout. A wrong schedule rejects with `invalid_schedule`, whose `details.field` names the field.
   *
   * @example
   * const lookout = await parley.lookouts.create({
   *   title: "Morning news",
   *   prompt: "What happened in renewable energy since yesterday?",
   *   assistant_slug: "researcher",
   *   frequency: "daily",
   *   time: "08:30",
   *   timezone: "Europe/London",
   * });
   */
  create(lookout: LookoutRequest): Promise<Lookout>;
  /**
   * Changes, pauses, resumes or archives a lookout.
   *
   * @example
   * for (const { id } of await parley.lookouts.list()) await parley.lookouts.update(id, { status: "paused" });
   */
  update(lookoutId: string, change: LookoutChange): Promise<Lookout>;
  /**
   * Runs a lookout now. The reply is written in the chat `session_id` of the run.
   *
   * @example
   * for (const { id } of await parley.lookouts.list()) await parley.lookouts.run(id);
   */
  run(lookoutId: string): Promise<LookoutRun>;
  /**
   * Deletes a lookout. The chats of its runs stay.
   *
   * @example
   * for (const { id } of await parley.lookouts.list()) await parley.lookouts.delete(id);
   */
  delete(lookoutId: string): Promise<void>;
  /**
   * Lists the runs of a lookout, latest first. A lookout keeps its last 100 runs.
   *
   * @example
   * for (const { id } of await parley.lookouts.list()) console.log(await parley.lookouts.runs(id));
   */
  runs(lookoutId: string): Promise<LookoutRun[]>;
}

/** Creates `parley.lookouts`. */
export function createLookouts({ supabase, invoke, query }: Calls): Lookouts {
  return {
    list: () =>
      query(() => supabase.from("lookouts").select().order("created_at", { ascending: false })),
    create: (lookout) => invoke("POST", "lookouts", { body: lookout }),
    update: (id, change) => invoke("PATCH", `lookouts/${id}`, { body: change }),
    run: (id) => invoke("POST", `lookouts/${id}/run`),
    delete: async (id) => void await invoke("DELETE", `lookouts/${id}`),
    runs: (id) =>
      query(() =>
        supabase.from("lookout_runs").select().eq("lookout_id", id)
          .order("scheduled_at", { ascending: false })
      ),
  };
}
