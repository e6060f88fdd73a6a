import iconv from "iconv-lite";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openChat, readText } from "../../helpers/chat-client.ts";
import { indexed, postFile, upload, uploadForm } from "../../helpers/files.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();

async function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`../../fixtures/files/${name}`, import.meta.url)));
}

/** Uploads a file, asks about it, and returns its row and the reply. */
async function ask(bytes: Uint8Array<ArrayBuffer>, name: string, question: string) {
  const sessionId = await createSession(user);
  const row = await indexed(user, (await upload(user, sessionId, bytes, name)).id);
  expect(row).toMatchObject({ status: "ready", error: null, file_name: name });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: question });
  expect(chat.error).toBeUndefined();
  return { row, reply: readText(chat.lastMessage) };
}

test.for([
  "pandoc.docx",
  "libreoffice.docx",
  "pandoc.pptx",
  "libreoffice.pptx",
  "pandoc.odt",
  "abiword.odt",
  "libreoffice.odt",
  "pandoc.rtf",
  "abiword.rtf",
  "libreoffice.rtf",
  "libreoffice.doc",
])("%s answers a question", async (name) => {
  const { reply } = await ask(await fixture(name), name, "When does money come back?");

  expect(reply).toContain("within fourteen days");
});

test.for(["gnumeric.xlsx", "libreoffice.xlsx", "gnumeric.ods", "libreoffice.ods"])(
  "%s answers a question",
  async (name) => {
    const { row, reply } = await ask(await fixture(name), name, "Tell me about the lantern");

    expect(reply).toContain("42.5");
    expect(row.file_type).toMatch(/sheet$/);
  },
);

test("a table in CSV is searched by its columns, and a document is recognized despite its name", async () => {
  const csv = Uint8Array.from(
    "Product;Price\nLantern;42.5\n",
    (character) => character.charCodeAt(0),
  );
  const { row, reply } = await ask(csv, "prices.csv", "Tell me about the lantern");
  expect(row.file_type).toBe("text/csv");
  expect(reply).toContain("42.5");

  const renamed = await ask(
    await fixture("pandoc.odt"),
    "letter.docx",
    "When does money come back?",
  );
  expect(renamed.row.file_type).toBe("application/vnd.oasis.opendocument.text");
  expect(renamed.reply).toContain("within fourteen days");
});

test.for<[encoding: string, text: string, question: string, answer: string]>([
  [
    "windows-1252",
    "Die Gebühr für eine Rückgabe beträgt zwölf Euro. Grüße aus München.\n",
    "Wie hoch ist die Gebühr für eine Rückgabe?",
    "zwölf Euro",
  ],
  [
    "utf-16le",
    "Money comes back within fourteen days when the seal is unbroken.\n",
    "When does money come back?",
    "within fourteen days",
  ],
])("a text in %s is stored as it was and searched", async ([encoding, text, question, answer]) => {
  const bytes = Uint8Array.from(iconv.encode(text, encoding, { addBOM: false }));
  const { row, reply } = await ask(bytes, "fees.txt", question);

  expect(reply).toContain(answer);
  const { data } = await user.client.storage.from("chat-files").download(row.storage_path);
  expect(new Uint8Array(await data?.arrayBuffer() ?? [])).toEqual(bytes);
});

test("a text in Shift_JIS is searched", async () => {
  const text = "今週の売上報告です。東京の店舗では売り上げが先週より増えました。\n";
  const sessionId = await createSession(user);
  const bytes = Uint8Array.from(iconv.encode(text, "shift_jis"));

  const row = await indexed(user, (await upload(user, sessionId, bytes, "売上.txt")).id);

  expect(row).toMatchObject({ status: "ready", error: null, file_type: "text/plain" });
});

test.for<[name: string, bytes: number[], code: string]>([
  ["a.txt", [0xe9, 0xe8, 0xdf, 0xa4], "unknown_encoding"],
  ["a.xlsx", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "encrypted"],
])("%s is refused with a code and a sentence", async ([name, bytes, code]) => {
  const form = uploadForm(await createSession(user), Uint8Array.from(bytes), name);

  const response = await postFile(user, form);

  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ code, message: expect.stringMatching(/\. .+\.$/) });
});

test.for<[name: string, content: string, code: string]>([
  ["blank.txt", " \n \n", "no_text"],
  ["broken.rtf", "{\\rtf1\\ansi{\\info}}", "no_text"],
  ["broken.pdf", "%PDF-1.7\nnothing that a reader of PDF would know", "damaged"],
])("%s fails, and the row says why", async ([name, content, code]) => {
  const { id } = await upload(user, await createSession(user), content, name);

  expect(await indexed(user, id)).toMatchObject({ status: "failed", error: { code } });
});

test("a PDF with a password fails with that reason, and one that only forbids changes is read", async () => {
  const { id } = await upload(
    user,
    await createSession(user),
    await fixture("qpdf-locked.pdf"),
    "locked.pdf",
  );
  expect(await indexed(user, id)).toMatchObject({
    status: "failed",
    error: { code: "encrypted", message: expect.stringContaining("Remove the password") },
  });

  const restricted = await fixture("qpdf-restricted.pdf");
  const { reply } = await ask(restricted, "restricted.pdf", "When does money come back?");
  expect(reply).toContain("within fourteen days");
});

test("a text about WEBP is a text, and a PDF may follow a line end", async () => {
  const sessionId = await createSession(user);

  expect(await upload(user, sessionId, "Convert WEBP to PNG with care.", "webp.txt"))
    .toMatchObject({ file_type: "text/plain" });
  expect(await upload(user, sessionId, "\r\n%PDF-1.4\n", "scan.pdf"))
    .toMatchObject({ file_type: "application/pdf" });
});
