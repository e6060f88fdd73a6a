import * as z from "zod";
import { openaiRequests } from "./openai.ts";

const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  file_id: z.string().optional(),
});
const SentTurn = z.looseObject({
  metadata: z.looseObject({ session_id: z.string(), turn_id: z.string() }),
  instructions: z.string(),
  input: z.array(z.object({
    role: z.string(),
    content: z.union([z.string(), z.array(Part)]),
  })),
  tools: z.array(z.looseObject({ type: z.string(), filters: z.unknown().optional() })),
});

/** The request of a turn to OpenAI, as it was sent. */
export type SentTurn = z.infer<typeof SentTurn> & { status: number | null };

/** Returns the requests for replies in a session, oldest first, without those for titles. */
export async function sentTurns(sessionId: string): Promise<SentTurn[]> {
  return (await openaiRequests()).flatMap(({ method, path, status, body }) => {
    if (method !== "POST" || path !== "/v1/responses") return [];
    const sent = SentTurn.safeParse(body);
    const isOurs = sent.success && sent.data.metadata.session_id === sessionId;
    return isOurs ? [{ ...sent.data, status }] : [];
  });
}

/** Returns the last request for a reply in a session. */
export async function lastTurn(sessionId: string): Promise<SentTurn> {
  const last = (await sentTurns(sessionId)).at(-1);
  if (!last) throw new Error("no turn was sent");
  return last;
}

/** Returns the filter of a turn's file search; undefined when it searches all files. */
export function filterOf({ tools }: SentTurn): unknown {
  return tools.find(({ type }) => type === "file_search")?.filters;
}

/** Returns the ids at OpenAI of the files that a request contains, message by message. */
export function shownFiles({ input }: SentTurn): string[][] {
  return input.map(({ content }) =>
    typeof content === "string"
      ? []
      : content.flatMap(({ type, file_id }) => type === "input_file" && file_id ? [file_id] : [])
  );
}
