// `npm run demo -- --tools`: an assistant books a goal, after the user has approved it, and lists the user's goals.
import { randomUUID } from "node:crypto";
import confirm from "@inquirer/confirm";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { UIMessageChunk } from "ai";
import type { ParleyMessage } from "../types/api.ts";
import type { Database } from "../types/database.ts";

/** The assistant of `supabase/seed.sql` with the tools `add_goal` and `list_goals`. */
export const GOAL_COACH = "goal-coach";

/** Sends a message and prints the text of the reply. `show` gets each chunk before that. Rejects when it is refused. */
export type Send = (
  message: ParleyMessage,
  show?: (chunk: UIMessageChunk) => void,
) => Promise<void>;

/** The parts of `demo.ts` that this demo needs. */
export interface ToolsDemo {
  send: Send;
  step(title: string): void;
}

/** A call of a tool, as the stream has shown it. */
interface ShownCall {
  toolCallId: string;
  toolName: string;
  input: unknown;
  /** Set while the call waits for a decision. */
  approvalId?: string;
}

/** Throws, with what to do, if the project lacks the sample app. */
export async function requireGoals(supabase: SupabaseClient<Database>): Promise<void> {
  const { data } = await supabase.from("assistants").select("slug").eq("slug", GOAL_COACH)
    .throwOnError();
  if (data.length > 0) return;
  throw new Error(
    `There is no assistant ${GOAL_COACH}. It is a sample of supabase/seed.sql. \`npm run db:reset\` rebuilds the ` +
      "local database with the samples and deletes all other data in it.",
  );
}

/** Has a goal booked, decides about the call as a user would, and has the goals listed. */
export async function demoTools({ send, step }: ToolsDemo): Promise<void> {
  await ask('Please add goal {"title": "Run ten kilometres"}', { send, step });
  await ask("Now list goals, please.", { send, step });
}

/** Sends a text. The reply goes on after each decision about its calls. */
async function ask(text: string, { send, step }: ToolsDemo): Promise<void> {
  step(`You: ${text}`);
  const reply = new ShownReply();
  await send({ id: randomUUID(), role: "user", parts: [{ type: "text", text }] }, reply.show);
  for (let waiting = reply.takeWaiting(); waiting.length > 0; waiting = reply.takeWaiting()) {
    const parts: ParleyMessage["parts"] = [];
    for (const call of waiting) parts.push(await decide(call));
    await send({ id: reply.id, role: "assistant", parts }, reply.show);
  }
}

/** Prints the calls of a reply, and remembers those that wait for the user. */
class ShownReply {
  id = "";
  readonly #calls = new Map<string, ShownCall>();

  readonly show = (chunk: UIMessageChunk): void => {
    switch (chunk.type) {
      case "start":
        this.id = chunk.messageId ?? this.id;
        break;
      case "tool-input-available":
        if (this.#calls.has(chunk.toolCallId)) break;
        this.#calls.set(chunk.toolCallId, chunk);
        console.log(`Call: ${chunk.toolName}(${JSON.stringify(chunk.input)})`);
        break;
      case "tool-approval-request":
        this.#change(chunk.toolCallId, { approvalId: chunk.approvalId });
        break;
      case "tool-output-available":
        this.#end(chunk.toolCallId, JSON.stringify(chunk.output));
        break;
      case "tool-output-error":
        this.#end(chunk.toolCallId, chunk.errorText);
        break;
      case "tool-output-denied":
        this.#end(chunk.toolCallId, "denied");
    }
  };

  /** Returns the calls that wait for a decision. A second call returns those that came since. */
  takeWaiting(): ShownCall[] {
    const waiting = [...this.#calls.values()].filter(({ approvalId }) => approvalId);
    for (const { toolCallId } of waiting) this.#change(toolCallId, { approvalId: undefined });
    return waiting;
  }

  #change(toolCallId: string, change: { approvalId: string | undefined }): void {
    const call = this.#calls.get(toolCallId);
    if (call) this.#calls.set(toolCallId, { ...call, ...change });
  }

  #end(toolCallId: string, output: string): void {
    console.log(`Output of ${this.#calls.get(toolCallId)?.toolName}: ${output}`);
  }
}

/** Asks on the terminal whether a call may run. Without a terminal, approves it. */
async function decide(call: ShownCall): Promise<ParleyMessage["parts"][number]> {
  const { toolCallId, toolName, input, approvalId = "" } = call;
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  if (!isInteractive) {
    console.log("The call needs approval. Approved, because nobody can be asked here.");
  }
  const approved = isInteractive
    ? await confirm({ message: `May the assistant call ${toolName}?` })
    : true;
  const approval = { id: approvalId, approved };
  return { type: `tool-${toolName}`, toolCallId, state: "approval-responded", input, approval };
}
