import OpenAI, { toFile } from "openai";
import type { FilePurpose } from "openai/resources/files";
import type { Responses } from "openai/resources/responses/responses";
import { onTestFinished } from "vitest";
import * as z from "zod";
import { Behaviour } from "./control/behaviour.ts";
import { serveOpenAIEmulator } from "./serve-emulator.ts";

/** The interval at which the SDK's helpers check whether a file has been indexed. */
export const POLL = { pollIntervalMs: 2 };

const Objects = z.object({
  conversations: z.array(z.object({ id: z.string(), items: z.array(z.unknown()) })),
  files: z.array(
    z.object({ id: z.string(), filename: z.string(), purpose: z.string(), bytes: z.number() }),
  ),
  vector_stores: z.array(
    z.object({ id: z.string(), status: z.string(), file_ids: z.array(z.string()) }),
  ),
  responses: z.array(
    z.object({ id: z.string(), status: z.string(), conversation_id: z.string().nullable() }),
  ),
});

const Requests = z.array(z.object({
  at: z.iso.datetime(),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  body: z.unknown(),
}));

/** Serves an emulator until the test ends; returns it with a real client and its control API. */
export async function startEmulator(stateFile?: string, now?: () => number) {
  const { url, close } = await serveOpenAIEmulator({ port: 0, stateFile, now });
  onTestFinished(close);
  const control = (method: string, path: string, body?: unknown) =>
    fetch(new URL(`/_emulator${path}`, url), { method, body: JSON.stringify(body) });
  return {
    url,
    close,
    client: new OpenAI({ apiKey: "sk-test", baseURL: url, maxRetries: 0 }),
    control,
    post: (path: string, body: unknown) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    behave: async (behaviour: Behaviour) => {
      const reply = await control("PUT", "/behaviour", behaviour);
      if (!reply.ok) throw new Error(await reply.text());
    },
    objects: async () => Objects.parse(await (await control("GET", "/objects")).json()),
    requests: async () => Requests.parse(await (await control("GET", "/requests")).json()),
  };
}

/** Uploads a file and returns its id. */
export async function upload(
  client: OpenAI,
  name: string,
  content: string | Uint8Array,
  purpose: FilePurpose = "assistants",
): Promise<string> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const { id } = await client.files.create({ file: await toFile(bytes, name), purpose });
  return id;
}

/** Creates a vector store with one file, waits until it is indexed, and returns the result. */
export async function indexFile(client: OpenAI, name: string, content: string | Uint8Array) {
  const { id: storeId } = await client.vectorStores.create({});
  const fileId = await upload(client, name, content);
  const { status, last_error } = await client.vectorStores.files
    .createAndPoll(storeId, { file_id: fileId }, POLL);
  return { storeId, fileId, status, last_error };
}

/** Returns all events of a stream. */
export async function collect(
  stream: AsyncIterable<Responses.ResponseStreamEvent>,
): Promise<Responses.ResponseStreamEvent[]> {
  return await Array.fromAsync(stream);
}

/** Returns the events of a stream until it ends or fails, and the error. */
export async function readUntilError(stream: AsyncIterable<Responses.ResponseStreamEvent>) {
  const events: Responses.ResponseStreamEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
    return { events, error: null };
  } catch (error) {
    return { events, error };
  }
}

/** Returns the joined text of the deltas among `events`. */
export function joinDeltas(events: readonly Responses.ResponseStreamEvent[]): string {
  return events.map((event) => event.type === "response.output_text.delta" ? event.delta : "")
    .join("");
}

/** Returns the texts of a conversation's messages, oldest first. */
export async function readTexts(client: OpenAI, conversationId: string): Promise<string[]> {
  const items = await Array.fromAsync(client.conversations.items.list(conversationId, {
    order: "asc",
  }));
  return items.map((item) =>
    item.type === "message"
      ? item.content.map((part) => "text" in part ? part.text : "").join("")
      : item.type
  );
}
