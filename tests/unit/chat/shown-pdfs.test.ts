// Which PDFs a request shows to the model, against the emulator.
import { expect, test } from "vitest";
import * as z from "zod";
import { startEmulator, upload } from "@parley/openai-emulator/start-test-emulator.ts";
import { TurnRequest } from "../../../functions/_shared/turn/request/turn-request.ts";
import { openSources } from "../../../functions/_shared/turn/request/turn-sources.ts";
import type {
  PastMessage,
  SessionFile,
  StartedTurn,
} from "../../../functions/_shared/turn/turn-database.ts";
import { FakeLookouts, portsWith } from "../lookouts/fake-lookouts.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

const Sent = z.object({
  input: z.array(z.object({
    content: z.union([
      z.string(),
      z.array(z.looseObject({ type: z.string(), file_id: z.string().optional() })),
    ]),
  })),
});

function say(sender: PastMessage["sender"], text: string, ...files: SessionFile[]): PastMessage {
  const file_ids = files.map(({ id }) => id);
  return { sender, content: text, parts: [{ type: "text", text }], file_ids };
}

/** Uploads a PDF that claims to have this size. */
async function pdf({ client }: Emulator, name: string, file_size: number): Promise<SessionFile> {
  const openai_file_id = await upload(client, name, "bytes", "assistants");
  return {
    id: name,
    session_id: "session",
    assistant_slug: null,
    openai_file_id,
    file_name: name,
    file_type: "application/pdf",
    file_size,
  };
}

/** Sends a turn and returns the names of the PDFs that each of its requests showed, message by message. */
async function shownBy(
  emulator: Emulator,
  files: SessionFile[],
  [question, ...newestFirst]: [PastMessage, ...PastMessage[]],
  changes: Partial<StartedTurn> = {},
): Promise<string[][][]> {
  const started: StartedTurn = {
    kind: "started",
    turn_id: "turn",
    profile_id: "profile",
    session_id: "session",
    user_message_id: "question",
    assistant_message_id: "reply",
    replaces_reply: false,
    started_at: new Date(),
    steps: 0,
    must_answer: false,
    parts: [],
    calls: [],
    is_search_off: false,
    is_stop_requested: false,
    content: question.content,
    question,
    thread_id: null,
    history: newestFirst.toReversed(),
    title_model: null,
    model: "gpt-5-mini",
    temperature: null,
    reasoning_effort: null,
    max_output_tokens: 1_000,
    max_tool_calls: 1,
    context_window: 101_000,
    compacts: false,
    reasons: false,
    accepts_images: true,
    tools: [],
    instructions: "",
    files,
    stores: [],
    ...changes,
  };
  const { db: none, ...others } = portsWith(new FakeLookouts(0, 0));
  const db = new Proxy(none, { get: () => () => Promise.resolve([]) });
  const ports = { ...others, db, openai: emulator.client };
  const sources = await openSources(ports, started);
  const request = new TurnRequest(ports, started, sources, async () => {});
  const { events } = await request.send();
  for await (const _ of events);
  const sent = (await emulator.requests()).filter(({ path }) => path === "/v1/responses");
  return sent.map(({ body }) =>
    Sent.parse(body).input.map(({ content }) =>
      typeof content === "string"
        ? []
        : content.flatMap(({ file_id }) =>
          files.flatMap((file) => file.openai_file_id === file_id ? [file.file_name] : [])
        )
    )
  );
}

test("a rebuilt history shows the newest PDFs that fit beside its texts", async () => {
  const emulator = await startEmulator();
  // About 40,000 tokens each, of 100,000.
  const [old, middle, last] = await Promise.all([
    pdf(emulator, "old.pdf", 1_000_000),
    pdf(emulator, "middle.pdf", 1_000_000),
    pdf(emulator, "last.pdf", 1_000_000),
  ]);
  const texts: [PastMessage, ...PastMessage[]] = [
    say("user", "And now?"),
    say("assistant", "Good."),
    say("user", "Third", last),
    say("assistant", "Good."),
    say("user", "Second", middle),
    say("assistant", "Good."),
    say("user", "First", old),
  ];
  expect(await shownBy(emulator, [old, middle, last], texts)).toEqual([
    [[], [], ["middle.pdf"], [], ["last.pdf"], [], []],
  ]);
});

test("a PDF of the question is shown also if it may be too long, and the history stays", async () => {
  const emulator = await startEmulator();
  const book = await pdf(emulator, "book.pdf", 9_000_000);
  const other = await pdf(emulator, "other.pdf", 2_000_000);
  const messages: [PastMessage, ...PastMessage[]] = [
    say("user", "What is in it?", book),
    say("assistant", "Good."),
    say("user", "Before", other),
  ];
  expect(await shownBy(emulator, [book, other], messages)).toEqual([[[], [], ["book.pdf"]]]);
});

test("the PDFs of the history go first when OpenAI finds a request too long, then all", async () => {
  const emulator = await startEmulator();
  const before = await pdf(emulator, "before.pdf", 100_000);
  const asked = await pdf(emulator, "asked.pdf", 100_000);
  await emulator.behave({ scenario: "context_exceeded", max_input_tokens: 1, times: 2 });
  const messages: [PastMessage, ...PastMessage[]] = [
    say("user", "And this?", asked),
    say("assistant", "Good."),
    say("user", "What is this?", before),
  ];
  expect(await shownBy(emulator, [before, asked], messages)).toEqual([
    [["before.pdf"], [], ["asked.pdf"]],
    [[], [], ["asked.pdf"]],
    [[], [], []],
  ]);
});

test("a model that sees no images is shown no PDF", async () => {
  const emulator = await startEmulator();
  const asked = await pdf(emulator, "asked.pdf", 100_000);
  const messages: [PastMessage] = [say("user", "What is this?", asked)];
  expect(await shownBy(emulator, [asked], messages, { accepts_images: false })).toEqual([[[]]]);
});

test("OpenAI is asked without a PDF that it has lost and that cannot be sent again", async () => {
  const emulator = await startEmulator();
  const asked = await pdf(emulator, "asked.pdf", 100_000);
  await emulator.control("POST", `/files/${asked.openai_file_id}/forget`);
  const messages: [PastMessage] = [say("user", "What is this?", asked)];
  expect(await shownBy(emulator, [asked], messages)).toEqual([[["asked.pdf"]], [[]]]);
});
