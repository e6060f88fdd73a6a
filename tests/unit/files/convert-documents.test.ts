import { buildZip } from "@parley/openai-emulator/retrieval/build-documents.ts";
import fc from "fast-check";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { examineKind, SAMPLE_BYTES } from "../../../functions/_shared/session-files/file-kinds.ts";
import { formatDate, formatNumber } from "../../../functions/_shared/session-files/format-cell.ts";
import {
  prepareContent,
  type PreparedContent,
} from "../../../functions/_shared/session-files/prepare-content.ts";
import { readDelimited } from "../../../functions/_shared/session-files/read-delimited.ts";
import { readRichText } from "../../../functions/_shared/session-files/read-rich-text.ts";
import { whyUnsearchable } from "../../../functions/_shared/session-files/unreadable-file.ts";
import { TableWriter } from "../../../functions/_shared/session-files/write-tables.ts";

const MB = 1024 * 1024;

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.slice(at, at + 10_000);
}

/** Detects the kind of a file and prepares it for OpenAI. Returns the code when the file is refused or unreadable. */
async function prepare(name: string, bytes: Uint8Array): Promise<PreparedContent | string> {
  const kind = examineKind(name, bytes.subarray(0, SAMPLE_BYTES));
  if (typeof kind === "string") return kind;
  return await prepareContent(kind.type, inChunks(bytes)).catch((error) => error.code ?? error);
}

async function textOf(name: string, bytes: Uint8Array): Promise<string> {
  const prepared = await prepare(name, bytes);
  if (typeof prepared === "string" || !("text" in prepared)) throw new Error(`${prepared}`);
  return prepared.text;
}

const fixture = (name: string) =>
  readFile(new URL(`../../fixtures/files/${name}`, import.meta.url)).then((bytes) =>
    new Uint8Array(bytes)
  );

test.for(["pandoc.odt", "abiword.odt", "libreoffice.odt"])("%s becomes a text", async (name) => {
  const text = await textOf(name, await fixture(name));
  expect(text).toContain("# Refund policy\n\nMoney comes back within fourteen days");
  expect(text).toContain("Grüße aus München – 売上.");
  expect(text).toContain("| Product | Price |\n| Lantern | 42.50 |\n| Kettle | 19.00 |");
});

test.for(["pandoc.rtf", "abiword.rtf", "libreoffice.rtf"])("%s becomes a text", async (name) => {
  // Word itself names such a file .doc on demand.
  const text = await textOf("letter.doc", await fixture(name));
  expect(text).toMatch(/^Refund policy\nMoney comes back within fourteen days/);
  expect(text).toContain("Grüße aus München – 売上.");
  expect(text).toMatch(/Product\s+\| Price\s+\|\s*\nLantern\s+\| 42.50/);
  expect(text).not.toMatch(/[\\{}]|Times|Calibri|Normal/);
});

test.for(["gnumeric.xlsx", "libreoffice.xlsx", "gnumeric.ods", "libreoffice.ods"])(
  "%s becomes a table",
  async (name) => {
    const text = await textOf(name, await fixture(name));
    expect(text.slice(text.indexOf("|"))).toBe(
      "| Product | Price | Since |\n| --- | --- | --- |\n" +
        "| Lantern | 42.5 | 2024-03-01 |\n| Kettle | 19 | 2023-11-15 |\n",
    );
  },
);

/** Builds a workbook of one sheet. */
function workbook(rows: string, more: { name: string; content: Buffer; claimed?: number }[] = []) {
  const file = (name: string, content: string) => ({ name, content: Buffer.from(content) });
  return new Uint8Array(buildZip([
    file(
      "xl/workbook.xml",
      `<workbook xmlns:r="r"><sheets><sheet name="A &amp; B" sheetId="1" r:id="r1"/></sheets></workbook>`,
    ),
    file(
      "xl/_rels/workbook.xml.rels",
      `<Relationships><Relationship Id="r1" Target="/xl/worksheets/one.xml"/></Relationships>`,
    ),
    file(
      "xl/styles.xml",
      `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[Red]&quot;day&quot; yyyy"/></numFmts>` +
        `<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="10"/></cellXfs></styleSheet>`,
    ),
    file(
      "xl/sharedStrings.xml",
      "<sst><si><t>売</t><rPh><t>ウ</t></rPh><r><t>上</t></r></si></sst>",
    ),
    file("xl/worksheets/one.xml", `<worksheet><sheetData>${rows}</sheetData></worksheet>`),
    ...more,
  ]));
}

test("cells of a workbook are shown as Excel shows them", async () => {
  const rows =
    `<row><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>a|b</t></is></c></row>` +
    `<row><c s="1"><v>45352.5</v></c><c s="2"><v>0.1256</v></c><c><f>1+1</f><v>0.30000000000000004</v></c>` +
    `<c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="str"><v>two\nlines</v></c></row>`;
  expect(await textOf("a.xlsx", workbook(rows))).toBe(
    "# A & B\n\n| 売上 |  | a\\|b |\n| --- | --- | --- |\n" +
      "| 2024-03-01 12:00 | 12.56% | 0.3 | TRUE | #N/A | two lines |\n",
  );
});

test("the header of a table is repeated after each 50 rows, below the title", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 220 }), (count) => {
    const table = new TableWriter();
    table.begin("Sheet");
    table.row(["Sales of the year"]);
    table.row(["Name", "Value"]);
    for (let n = 0; n < count; n += 1) table.row([`n${n}`, "1"]);
    const text = table.toText();
    expect(text).toMatch(/^# Sheet\n\nSales of the year\n\n\| Name \| Value \|\n/);
    expect(text.split("| Name | Value |")).toHaveLength(1 + Math.max(1, Math.ceil(count / 50)));
    const rows = text.split("\n").filter((line) => line.startsWith("| n"));
    expect(rows).toEqual(Array.from({ length: count }, (_, n) => `| n${n} | 1 |`));
  }));
});

test.for([",", ";", "\t"])("values of a table separated by %j keep their place", (delimiter) => {
  const value = fc.string({ minLength: 1, maxLength: 12 }).map((text) =>
    `v${text.replace(/[\s|]+/g, "_").replaceAll("\0", "")}`
  );
  const rows = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(rows, (values) => {
    const quoted = values.map((row) =>
      row.map((each) => `"${each.replaceAll('"', '""')}"`).join(delimiter)
    );
    const text = readDelimited(`a${delimiter}b${delimiter}c\r\n${quoted.join("\r\n")}\r\n`);
    const lines = text.trim().split("\n").slice(2);
    expect(lines).toEqual(values.map((row) => `| ${row.join(" | ")} |`));
  }));
});

test("a table in another encoding is read, and one that is too large is sent as it is", async () => {
  const windows = Uint8Array.from(
    "Größe;Preis\nMütze;12\nHändler in Köln;15\n",
    (c) => c.charCodeAt(0),
  );
  expect(await textOf("a.csv", windows)).toContain("| Größe | Preis |");
  const large = new TextEncoder().encode(`a,b\n${"1,2\n".repeat(1_500_000)}`);
  expect(await prepare("a.csv", large)).toEqual({ encoding: null });
});

test("documents are converted one by one, also after one that cannot be read", async () => {
  const rtf = "application/rtf";
  const events: string[] = [];
  async function* tell(name: string, text: string): AsyncGenerator<Uint8Array> {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    yield new TextEncoder().encode(text);
    events.push(`${name} ends`);
  }
  const results = await Promise.allSettled([
    prepareContent(rtf, tell("first", "{\\rtf1 one}")),
    prepareContent(rtf, tell("second", "no document")),
    prepareContent(rtf, tell("third", "{\\rtf1 three}")),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events.join(", ")).toBe(
    "first begins, first ends, second begins, second ends, third begins, third ends",
  );
});

test("RTF is read in the encodings of its fonts", () => {
  const rtf =
    "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset128 MS Gothic;}" +
    "{\\f2\\fcharset204 Arial Cyr;}}{\\*\\generator Word;}{\\info{\\title No}}" +
    "\\f0 Gr\\'fc\\'dfe\\par\\f1\\'94\\'84\\'8f\\'e3\\'83A\\par\\f2\\'cf\\'f0\\par" +
    "\\f0\\u22770?\\u19978?{\\uc2\\u8364 EU}{\\v hidden}\\emdash\\{\\}\\\\ \\tab x}";
  expect(readRichText(new TextEncoder().encode(rtf)))
    .toBe("Grüße\n売上ア\nПр\n売上€—{}\\ \tx\n");
});

test("numbers and dates of a cell", () => {
  expect([0.1 + 0.2, 1e21, -3.5, 42].map(formatNumber)).toEqual(["0.3", "1e+21", "-3.5", "42"]);
  expect([45_352, 45_352.75, 0.5, 0.000_02, -1, 3e9].map((day) => formatDate(day, false)))
    .toEqual(["2024-03-01", "2024-03-01 18:00", "12:00", "00:00:02", "-1", "3000000000"]);
  expect(formatDate(43_890, true)).toBe("2024-03-01");
});

test("documents that cannot be read say why", async () => {
  const cell = "<row><c><v>1</v></c></row>";
  const whole = workbook(cell);
  const damaged = whole.slice();
  damaged.fill(1, 200, 400);
  const encrypted = whole.slice();
  encrypted[6] = 1;
  const manifest =
    '<manifest><file-entry full-path="content.xml"><encryption-data/></file-entry></manifest>';
  const openEncrypted = new Uint8Array(buildZip([
    { name: "META-INF/manifest.xml", content: Buffer.from(manifest) },
    { name: "content.xml", content: Buffer.from("\x00\x01") },
  ]));
  const zip = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ name: `xl/media/${n}`, content: Buffer.alloc(1) }));
  const blanks = Buffer.from(`<styleSheet>${" ".repeat(41 * MB)}</styleSheet>`);

  expect({
    whole: typeof await prepare("a.xlsx", whole),
    cut: await prepare("a.xlsx", whole.slice(0, 700)),
    damaged: await prepare("a.xlsx", damaged),
    "no workbook": await prepare("a.xlsx", new Uint8Array(buildZip(zip(1)))),
    "not well-formed": await prepare("a.xlsx", workbook("<row><c>")),
    encrypted: await prepare("a.xlsx", encrypted),
    "encrypted by Office": await prepare(
      "a.docx",
      Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
    ),
    "encrypted OpenDocument": await prepare("a.ods", openEncrypted),
    empty: await prepare("a.xlsx", workbook("")),
    "empty RTF": await prepare("a.rtf", new TextEncoder().encode("{\\rtf1\\ansi{\\info}}")),
    "many entries": await prepare("a.xlsx", workbook(cell, zip(2_000))),
    "many cells": await prepare("a.xlsx", workbook(cell.repeat(300_001))),
    "a bomb": await prepare("a.xlsx", workbook("", [{ name: "xl/styles.xml", content: blanks }])),
    "a bomb that lies": await prepare(
      "a.xlsx",
      workbook("", [{ name: "xl/styles.xml", content: blanks, claimed: 10 }]),
    ),
    "a large file": await prepare(
      "a.rtf",
      new TextEncoder().encode(`{\\rtf1 ${"a".repeat(10 * MB)}}`),
    ),
  }).toEqual({
    whole: "object",
    cut: "damaged",
    damaged: "damaged",
    "no workbook": "damaged",
    "not well-formed": "damaged",
    encrypted: "encrypted",
    "encrypted by Office": "encrypted",
    "encrypted OpenDocument": "encrypted",
    empty: "no_text",
    "empty RTF": "no_text",
    "many entries": "too_long",
    "many cells": "too_long",
    "a bomb": "too_long",
    "a bomb that lies": "damaged",
    "a large file": "too_long",
  });
});

test("declared entities are not expanded", async () => {
  const rows = '<row><c t="str"><v>&lol;</v></c></row>';
  const bytes = workbook(rows);
  expect(await prepare("a.xlsx", bytes)).toBe("damaged");
});

test("any bytes of a document end with a text or a reason", { timeout: 60_000 }, async () => {
  const names = ["libreoffice.xlsx", "gnumeric.ods", "abiword.odt", "pandoc.rtf"];
  const originals = await Promise.all(
    names.map(async (name) => ({ name, bytes: await fixture(name) })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      fc.option(fc.nat()),
      async ({ name, bytes }, changes, cut) => {
        const changed = bytes.slice(0, cut === null ? undefined : cut % bytes.length);
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        const outcome = await prepare(name, changed);
        if (typeof outcome === "string") expect(outcome).toMatch(/^[a-z_]+$/);
        else expect("text" in outcome || "encoding" in outcome).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test.for<
  [status: "completed" | "failed", bytes: number, message: string | null, reason: string | null]
>([
  ["completed", 100, null, null],
  ["completed", 0, null, "no_text"],
  ["failed", 0, "The file could not be parsed because it is empty.", "no_text"],
  ["failed", 0, "The file could not be parsed because it is too large.", "too_long"],
  ["failed", 0, "The file is password protected.", "encrypted"],
  ["failed", 0, "The file could not be parsed.", "damaged"],
])("OpenAI's %s with %i bytes and %j means %s", ([status, usage_bytes, message, reason]) => {
  const last_error = message === null ? null : { code: "invalid_file" as const, message };
  const file = { id: "", created_at: 0, object: "vector_store.file" as const, vector_store_id: "" };
  expect(whyUnsearchable({ ...file, status, usage_bytes, last_error })).toBe(reason);
});
