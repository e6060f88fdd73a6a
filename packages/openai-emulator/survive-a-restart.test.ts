import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveOpenAIEmulator } from "./serve-emulator.ts";
import { buildPdf } from "./retrieval/build-documents.ts";
import { indexFile, POLL, readTexts, startEmulator, upload } from "./start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

describe("a state file", () => {
  it("restores conversations and responses", async () => {
    const { folder, stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    const { id: conversation } = await before.client.conversations.create({});
    const { id, output_text } = await before.client.responses.create({ ...QUESTION, conversation });
    await before.close();
    expect(await readdir(folder)).toEqual(["state.json"]);

    const { client } = await startEmulator(stateFile);
    expect(await readTexts(client, conversation)).toEqual(["Hello", output_text]);
    expect(await client.responses.retrieve(id)).toMatchObject({ status: "completed", output_text });
  });

  it("restores open calls, which the next request must answer", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    const { id: conversation } = await before.client.conversations.create({});
    const tools = [{ type: "function" as const, name: "add", strict: false, parameters: null }];
    const turn = { ...QUESTION, input: "add", tools, conversation };
    const { output } = await before.client.responses.create(turn);
    await before.close();

    const { client } = await startEmulator(stateFile);
    const call = output.find((item) => item.type === "function_call");
    const call_id = call?.call_id ?? "";
    await expect(client.responses.create(turn)).rejects
      .toThrow(`No tool output found for function call ${call_id}.`);
    const input = [{ type: "function_call_output" as const, call_id, output: "3" }];
    expect((await client.responses.create({ ...turn, input })).output_text)
      .toContain('add returned: "3".');
  });

  it("restores running responses as failed", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    const { id: conversation } = await before.client.conversations.create({});
    await before.behave({ ttft_ms: 60_000 });
    const turn = { ...QUESTION, background: true, conversation };
    const { id } = await before.client.responses.create(turn);
    await before.close();

    const { client } = await startEmulator(stateFile);
    expect(await client.responses.retrieve(id))
      .toMatchObject({ status: "failed", error: { code: "server_error" } });
    await expect(client.responses.create(turn)).resolves.toMatchObject({ status: "queued" });
  });

  it("restores files, vector stores and their search results", async () => {
    const { folder, stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    const { storeId, fileId } = await indexFile(
      before.client,
      "a.pdf",
      buildPdf(["Refunds take 14 days."]),
    );
    const image = await upload(before.client, "cat.png", "bytes", "vision");
    const store = await before.client.vectorStores.retrieve(storeId);
    const objects = await before.objects();
    await before.close();
    expect((await readdir(join(folder, "state.files"))).toSorted())
      .toEqual([fileId, image].toSorted());
    await writeFile(join(folder, "state.files", "file-left-by-a-kill"), "bytes");

    const { client, ...after } = await startEmulator(stateFile);
    expect(await client.vectorStores.retrieve(storeId)).toEqual(store);
    expect(await after.objects()).toEqual(objects);
    const found = await client.vectorStores.search(storeId, { query: "refunds" });
    expect(found.data).toMatchObject([{ file_id: fileId, filename: "a.pdf" }]);
    expect(await (await client.files.content(image)).text()).toBe("bytes");
    await client.files.delete(image);
    expect(await readdir(join(folder, "state.files"))).toEqual([fileId]);
  });

  it("continues the indexing of files", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    await before.behave({ indexing_ms: 60_000 });
    const { id } = await before.client.vectorStores.create({});
    const file_id = await upload(before.client, "a.txt", "Hello");
    await before.client.vectorStores.files.create(id, { file_id });
    await before.close();

    const { client } = await startEmulator(stateFile);
    const { status } = await client.vectorStores.files.poll(id, file_id, POLL);
    expect(status).toBe("completed");
  });

  it("keeps a vector store expired", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator(stateFile);
    const { id } = await before.client.vectorStores.create({});
    await before.control("POST", `/vector_stores/${id}/expire`);
    const expires_after = { anchor: "last_active_at", days: 1 } as const;
    expect(await before.client.vectorStores.update(id, { expires_after }))
      .toMatchObject({ status: "expired" });
    await before.close();

    const { client } = await startEmulator(stateFile);
    expect((await client.vectorStores.retrieve(id)).status).toBe("expired");
  });

  it("is written soon after a change, not only at the end", async () => {
    const { folder, stateFile } = await makeStateFile();
    const { client } = await startEmulator(stateFile);
    await client.conversations.create({});
    await expect.poll(() => readdir(folder)).toEqual(["state.json"]);
  });

  it("stops the start if it is invalid", async () => {
    const { stateFile } = await makeStateFile();
    await writeFile(stateFile, '{"version":0}');
    await expect(serveOpenAIEmulator({ port: 0, stateFile })).rejects.toThrow("version");
  });
});

async function makeStateFile() {
  const folder = await mkdtemp(join(tmpdir(), "openai-emulator-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { folder, stateFile: join(folder, "state.json") };
}
