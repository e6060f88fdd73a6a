import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveOpenAIEmulator } from "../../../local/openai/serve-emulator.ts";
import { readTexts, startEmulator } from "./start-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

describe("a state file", () => {
  it("brings conversations and responses back", async () => {
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

  it("brings back as failed what was in progress", async () => {
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

  it("is written soon after a change, not only at the end", async () => {
    const { folder, stateFile } = await makeStateFile();
    const { client } = await startEmulator(stateFile);
    await client.conversations.create({});
    await expect.poll(() => readdir(folder)).toEqual(["state.json"]);
  });

  it("that is none stops the start", async () => {
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
