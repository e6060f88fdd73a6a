import { describe, expect, it } from "vitest";
import { collect, startEmulator, upload } from "../start-test-emulator.ts";

const MODEL = "gpt-5-mini";

describe("an answer", () => {
  it("quotes the message and notes instructions, images and files", async () => {
    const { client } = await startEmulator();
    const file_id = await upload(client, "notes.pdf", "pdf", "user_data");
    const { output_text } = await client.responses.create({
      model: MODEL,
      instructions: "You are a coach.",
      input: [{
        role: "user",
        content: [
          { type: "input_text", text: "Look at this" },
          { type: "input_image", detail: "auto", image_url: "https://example.com/cat.png" },
          { type: "input_file", file_id },
        ],
      }],
    });
    expect(output_text).toBe(
      'You wrote: "Look at this". With it came 1 image(s) and 1 file(s): notes.pdf. ' +
        "This is turn 1 of our conversation. I keep to my instructions (4 words).",
    );
  });

  it("is a title of at most six words when the purpose is a title", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: "not for titles" });
    const { output_text } = await client.responses.create({
      model: MODEL,
      input: "how do I teach my old dog, Rex, new tricks?",
      metadata: { purpose: "title" },
    });
    expect(output_text).toBe("How do I teach my old");
  });

  it("searches the web when offered, and cites what it found", async () => {
    const { client } = await startEmulator();
    const events = await collect(
      await client.responses.create({
        model: MODEL,
        input: "news about cats",
        tools: [{ type: "web_search" }],
        stream: true,
      }),
    );
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type.includes("web_search"))).toEqual([
      "response.web_search_call.in_progress",
      "response.web_search_call.searching",
      "response.web_search_call.completed",
    ]);
    expect(types).toContain("response.output_text.annotation.added");
    const last = events.at(-1);
    const output = last?.type === "response.completed" ? last.response.output : [];
    expect(output[0]).toMatchObject({
      type: "web_search_call",
      status: "completed",
      action: { type: "search", query: "news about cats" },
    });
    const part = output[1]?.type === "message" ? output[1].content[0] : undefined;
    const text = part?.type === "output_text" ? part.text : "";
    const [citation] = part?.type === "output_text" ? part.annotations : [];
    expect(citation).toMatchObject({
      type: "url_citation",
      url: "https://example.com/search?q=news%20about%20cats",
      start_index: text.indexOf("A page at"),
      end_index: text.length,
    });
  });

  it("is exactly the commanded reply, with or without a search", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: "Exactly this." });
    const { output_text } = await client.responses.create({
      model: MODEL,
      input: "Refuse this",
      tools: [{ type: "web_search" }],
    });
    expect(output_text).toBe("Exactly this.");
  });

  it("summarizes its reasoning on request", async () => {
    const { client } = await startEmulator();
    const stream = client.responses.stream({
      model: MODEL,
      input: "Hello",
      reasoning: { summary: "auto" },
    });
    const types = (await collect(stream)).map(({ type }) => type);
    expect(types).toContain("response.reasoning_summary_part.added");
    expect(types).toContain("response.reasoning_summary_text.delta");
    expect(types).toContain("response.reasoning_summary_part.done");
    const { usage } = await stream.finalResponse();
    expect(usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
  });

  it("is a refusal when the message asks for one", async () => {
    const { client } = await startEmulator();
    const stream = client.responses.stream({ model: MODEL, input: "Please refuse this." });
    const types = (await collect(stream)).map(({ type }) => type);
    expect(types).toContain("response.refusal.delta");
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([{ content: [{ type: "refusal", refusal: /can't/ }] }]);
  });
});
