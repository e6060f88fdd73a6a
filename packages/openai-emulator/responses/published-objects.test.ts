import type { Conversations } from "openai/resources/conversations/conversations";
import type { Items } from "openai/resources/conversations/items";
import type { FileObject } from "openai/resources/files";
import type { Responses } from "openai/resources/responses/responses";
import type { ErrorObject } from "openai/resources/shared";
import type { VectorStoreFileBatch } from "openai/resources/vector-stores/file-batches";
import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import type { VectorStore } from "openai/resources/vector-stores/vector-stores";
import { describe, expect, it } from "vitest";
import { collect, indexFile, startEmulator } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

/** Says of every property of a type whether objects always have it; the compiler checks that it is complete. */
type Presence<Type> = {
  [Key in keyof Type]-?: object extends Pick<Type, Key> ? "optional" : "required";
};

const RESPONSE: Presence<Omit<Responses.Response, "output_text">> = {
  id: "required",
  access_programs: "required",
  created_at: "required",
  error: "required",
  incomplete_details: "required",
  instructions: "required",
  metadata: "required",
  model: "required",
  object: "required",
  output: "required",
  parallel_tool_calls: "required",
  temperature: "required",
  tool_choice: "required",
  tools: "required",
  top_p: "required",
  background: "optional",
  completed_at: "optional",
  conversation: "optional",
  image: "optional",
  max_output_tokens: "optional",
  max_tool_calls: "optional",
  moderation: "optional",
  previous_response_id: "optional",
  prompt: "optional",
  prompt_cache_diagnostics: "optional",
  prompt_cache_key: "optional",
  prompt_cache_options: "optional",
  prompt_cache_retention: "optional",
  reasoning: "optional",
  safety_identifier: "optional",
  service_tier: "optional",
  status: "optional",
  text: "optional",
  tool_usage: "optional",
  top_logprobs: "optional",
  truncation: "optional",
  usage: "optional",
  user: "optional",
};

const USAGE: Presence<Responses.ResponseUsage> = {
  input_tokens: "required",
  input_tokens_details: "required",
  output_tokens: "required",
  output_tokens_details: "required",
  total_tokens: "required",
};

const TEXT: Presence<Required<Responses.ResponseOutputText>> = {
  annotations: "required",
  logprobs: "required",
  text: "required",
  type: "required",
};

const DELTA: Presence<Responses.ResponseTextDeltaEvent> = {
  content_index: "required",
  delta: "required",
  item_id: "required",
  logprobs: "required",
  output_index: "required",
  sequence_number: "required",
  type: "required",
};

const DONE: Presence<Responses.ResponseTextDoneEvent> = {
  content_index: "required",
  item_id: "required",
  logprobs: "required",
  output_index: "required",
  sequence_number: "required",
  text: "required",
  type: "required",
};

const LIST: Presence<Items.ConversationItemList> = {
  data: "required",
  first_id: "required",
  has_more: "required",
  last_id: "required",
  object: "required",
};

const CONVERSATION: Presence<Conversations.Conversation> = {
  id: "required",
  created_at: "required",
  metadata: "required",
  object: "required",
};

const FILE: Presence<FileObject> = {
  id: "required",
  bytes: "required",
  created_at: "required",
  filename: "required",
  object: "required",
  purpose: "required",
  status: "required",
  expires_at: "optional",
  status_details: "optional",
};

const STORE: Presence<VectorStore> = {
  id: "required",
  created_at: "required",
  file_counts: "required",
  last_active_at: "required",
  metadata: "required",
  name: "required",
  object: "required",
  status: "required",
  usage_bytes: "required",
  expires_after: "optional",
  expires_at: "optional",
};

const STORE_FILE: Presence<VectorStoreFile> = {
  id: "required",
  created_at: "required",
  last_error: "required",
  object: "required",
  status: "required",
  usage_bytes: "required",
  vector_store_id: "required",
  attributes: "optional",
  chunking_strategy: "optional",
};

const BATCH: Presence<VectorStoreFileBatch> = {
  id: "required",
  created_at: "required",
  file_counts: "required",
  object: "required",
  status: "required",
  vector_store_id: "required",
};

const ERROR: Presence<ErrorObject> = {
  code: "required",
  message: "required",
  param: "required",
  type: "required",
  misalignment: "optional",
};

describe("an object has the published properties", () => {
  it("a response", async () => {
    const { client } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const response = await client.responses.create({ ...QUESTION, conversation }).asResponse();
    const body = await response.json();
    // The API sends `store`, which the package's type lacks.
    expectShape(body, RESPONSE, ["store"]);
    expectShape(body.usage, USAGE);
    expectShape(body.output[0].content[0], TEXT);
    expect(body).toMatchObject({
      conversation: { id: conversation },
      reasoning: { effort: "medium", summary: null },
      text: { format: { type: "text" }, verbosity: "medium" },
      service_tier: "default",
    });
  });

  it.each(
    [
      ["failed", false],
      ["incomplete", true],
    ] as const,
  )("a response that is %s", async (end, hasUsage) => {
    const { client, behave } = await startEmulator();
    await behave({ end });
    const body = await (await client.responses.create(QUESTION).asResponse()).json();
    expectShape(body, RESPONSE, ["store"]);
    expect([body.status, body.usage !== null]).toEqual([end, hasUsage]);
  });

  it("a response shows the tier that serves it, and the parameters of the request", async () => {
    const { client } = await startEmulator();
    const shown = {
      max_tool_calls: 3,
      prompt_cache_key: "key",
      prompt_cache_retention: "24h",
      top_logprobs: 0,
      user: "user-1",
    } as const;
    await expect(client.responses.create({ ...QUESTION, ...shown, service_tier: "fast" }))
      .resolves.toMatchObject({ ...shown, service_tier: "priority" });
  });

  it("the events of a stream; usage is null until the end", async () => {
    const { client } = await startEmulator();
    const events = await collect(await client.responses.create({ ...QUESTION, stream: true }));
    const usages = events.flatMap((event) => "response" in event ? event.response.usage : []);
    expect(usages).toEqual([
      null,
      null,
      expect.objectContaining({ total_tokens: expect.any(Number) }),
    ]);
    expectShape(events.find(({ type }) => type === "response.output_text.delta"), DELTA);
    expectShape(events.find(({ type }) => type === "response.output_text.done"), DONE);
  });

  it("a conversation, its items and their list", async () => {
    const { client } = await startEmulator();
    const conversation = await client.conversations.create({});
    expectShape(conversation, CONVERSATION);
    const empty = await client.conversations.items.list(conversation.id).asResponse();
    expect(await empty.json())
      .toEqual({ object: "list", data: [], first_id: null, last_id: null, has_more: false });
    const added = await client.conversations.items.create(conversation.id, {
      items: [{ role: "assistant", content: "Hi" }, { role: "user", content: "Hello" }],
    });
    expectShape(added, LIST);
    expect([added.first_id, added.last_id]).toEqual(added.data.map(({ id }) => id));
    expect(added.data[0]).toMatchObject({
      content: [{ type: "output_text", text: "Hi", annotations: [], logprobs: [] }],
    });
  });

  it("files, vector stores and their files; their lists are empty at first", async () => {
    const { client, url } = await startEmulator();
    const read = async (path: string) =>
      await (await fetch(`${url}${path}`, { headers: { authorization: "Bearer sk-test" } })).json();
    for (const path of ["/files", "/vector_stores"]) {
      expect(await read(path))
        .toEqual({ object: "list", data: [], first_id: null, last_id: null, has_more: false });
    }
    const { storeId, fileId } = await indexFile(client, "a.txt", "Some text.");
    expectShape(await read(`/files/${fileId}`), FILE);
    // The API sends `description`, which only the package's type for creating has.
    expectShape(await read(`/vector_stores/${storeId}`), STORE, ["description"]);
    expectShape(await read(`/vector_stores/${storeId}/files/${fileId}`), STORE_FILE);
    expectShape(
      await client.vectorStores.fileBatches.create(storeId, { file_ids: [fileId] }),
      BATCH,
    );
    expectShape(await read("/files"), LIST);
  });

  it("an error", async () => {
    const { url } = await startEmulator();
    const reply = await fetch(`${url}/files/file-1`, { headers: { authorization: "Bearer sk" } });
    expectShape((await reply.json()).error, ERROR);
  });
});

/** Expects every required property, and no property that is neither published nor in `extra`. */
function expectShape(
  value: unknown,
  presence: Record<string, "optional" | "required">,
  extra: string[] = [],
): void {
  const keys = Object.keys(value ?? {});
  const required = Object.keys(presence).filter((key) => presence[key] === "required");
  expect(keys).toEqual(expect.arrayContaining([...required, ...extra]));
  expect(keys.filter((key) => !(key in presence) && !extra.includes(key))).toEqual([]);
}
