import { describe, expect, it } from "vitest";
import { extractText } from "./extract-text.ts";
import { buildDocx, buildPdf, buildPptx, buildZip } from "./build-documents.ts";
import { indexFile, startEmulator } from "../start-test-emulator.ts";

const UNREADABLE = "The file could not be parsed.";
const TOO_LARGE = "The file could not be parsed because it is too large.";

describe("the text of", () => {
  it.each([
    ["a text broken at a margin", "a.txt", Buffer.from(`${"word ".repeat(12)}\ngoes on.\n\nNext`)],
    ["UTF-16 with a mark", "a.txt", Buffer.from(`\ufeff${"word ".repeat(12)}goes on.`, "utf16le")],
    ["Markdown", "a.MD", Buffer.from(`# Title\n\n${"word ".repeat(12)}\ngoes on.`)],
    ["a PDF", "a.pdf", buildPdf(["Some word word", "goes on."])],
    ["a Word document", "a.docx", buildDocx(["First word goes on.", "Second"])],
    ["a presentation", "a.pptx", buildPptx(["First word goes on.", "Second"])],
    [
      "HTML",
      "a.html",
      Buffer.from("<script>no()</script><h1>Title</h1><p>A <b>word goes</b>\n on.</p>"),
    ],
  ])("%s is read", async (_, name, content) => {
    const text = await extractText(name, content);
    expect(text).toContain("word goes on.");
    expect(text).not.toContain("no()");
  });

  it("a table names each value by its column", async () => {
    const content = Buffer.from('name,city\r\nAda,"London, SW"\r\nBob,\r\n');
    expect(await extractText("a.csv", content)).toBe(
      "name: Ada, city: London, SW\nname: Bob, city: ",
    );
  });

  it("JSON names each value by its path", async () => {
    const content = Buffer.from('{"refund":{"days":14,"to":["card","bank"]}}');
    expect(await extractText("a.json", content))
      .toBe("refund.days: 14\nrefund.to[0]: card\nrefund.to[1]: bank");
    expect(await extractText("a.json", Buffer.from("no { json"))).toBe("no { json");
  });
});

describe("a document that cannot be read fails", () => {
  const pdf = buildPdf(["Hello"]);
  const docx = buildDocx(["Hello"]);
  it.each([
    [
      "an unknown kind",
      "a.exe",
      Buffer.from("x"),
      "unsupported_file",
      "The file type is not supported.",
    ],
    ["no kind", "README", Buffer.from("x"), "unsupported_file", "The file type is not supported."],
    ["bytes as text", "a.txt", Buffer.from([104, 105, 0, 255]), "invalid_file", UNREADABLE],
    ["Latin-1 as text", "a.txt", Buffer.from("grüße", "latin1"), "invalid_file", UNREADABLE],
    ["text named like a PDF", "a.pdf", Buffer.from("Hello"), "invalid_file", UNREADABLE],
    ["half a PDF", "a.pdf", pdf.subarray(0, 60), "invalid_file", UNREADABLE],
    ["an old document that is none", "a.doc", Buffer.from("Hello"), "invalid_file", UNREADABLE],
    ["a presentation that is a document", "a.pptx", docx, "invalid_file", UNREADABLE],
    ["a spreadsheet", "a.xlsx", docx, "unsupported_file", "The file type is not supported."],
    ["a document that is no archive", "a.docx", Buffer.from("PK"), "invalid_file", UNREADABLE],
    [
      "an archive that is no document",
      "a.docx",
      buildZip([{ name: "a", content: Buffer.from("a") }]),
      "invalid_file",
      UNREADABLE,
    ],
    [
      "only blanks",
      "a.txt",
      Buffer.from(" \n\n "),
      "invalid_file",
      "The file could not be parsed because it is empty.",
    ],
  ])("%s", async (_, name, content, code, message) => {
    const { client } = await startEmulator();
    const { status, last_error } = await indexFile(client, name, content);
    expect([status, last_error]).toEqual(["failed", { code, message }]);
  });

  it.each([
    ["media", { name: "word/media/a.bin", content: Buffer.alloc(1), claimed: 101 * 1024 * 1024 }],
    ["markup", { name: "word/a.xml", content: Buffer.alloc(1), claimed: 21 * 1024 * 1024 }],
  ])("an archive whose directory names too much %s", async (_, entry) => {
    await expect(extractText("a.docx", buildDocx(["Hello"], [entry])))
      .rejects.toMatchObject({ code: "invalid_file", message: TOO_LARGE });
  });

  it("an archive that unpacks to more than its directory says, before it is unpacked", async () => {
    const bomb = { name: "word/a.bin", content: Buffer.alloc(64 * 1024 * 1024), claimed: 10 };
    const document = buildDocx(["Hello"], [bomb]);
    const before = process.memoryUsage().rss;
    await expect(extractText("a.docx", document))
      .rejects.toMatchObject({ code: "invalid_file", message: UNREADABLE });
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  });
});
