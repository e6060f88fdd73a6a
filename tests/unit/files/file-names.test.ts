import { describe, expect, it } from "vitest";
import {
  certainLength,
  hasMarker,
  restoreNames,
} from "../../../functions/_shared/openai/file-marker.ts";
import { displayName, remoteName } from "../../../functions/_shared/session-files/file-names.ts";
import { createEventMapper } from "../../../functions/_shared/turn/events/map-events.ts";
import type { MadeFile } from "../../../functions/_shared/turn/events/map-made-files.ts";
import { createPartsReducer } from "../../../functions/_shared/turn/events/reduce-parts.ts";
import {
  annotated,
  completed,
  created,
  fileCitation,
  itemDone,
  numbered,
  textAdded,
  textDelta,
} from "../../helpers/openai-events.ts";

const PROJECT = "0a1b2c3d";
const ID = "9f8e7d6c-0000-4000-8000-000000000000";

/** Returns the name at OpenAI of a text with this name. */
function remote(name: string): string {
  return remoteName({ id: ID, name, extension: ".txt" }, PROJECT);
}

const NAMES = [
  "Terms & conditions.md",
  "売上報告_今週.txt",
  "Отчёт за неделю.txt",
  "تقرير الأسبوع.txt",
  "דוח שבועי.txt",
  "साप्ताहिक रिपोर्ट.txt",
  "รายงานประจำสัปดาห์.txt",
  "주간 보고서.txt",
  "周报 (最终版).txt",
  "Εβδομαδιαία.txt",
  "🦄🌈.md",
  "no extension",
  "a.b.c~d.txt",
];

describe("a file's name", () => {
  it.each(NAMES)("%s stays as it is for people, and whole before the marker at OpenAI", (name) => {
    expect(displayName(name)).toBe(name);
    expect(remote(name)).toBe(`${name}~parley-0a1b2c3d-9f8e7d6c.txt`);
    expect(restoreNames(`See ${remote(name)}, and ${remote(name)}.`))
      .toBe(`See ${name}, and ${name}.`);
  });

  it("is composed, and without direction marks and line breaks", () => {
    expect(displayName("か\u3099.txt")).toBe("が.txt");
    expect(displayName("\u202etxt.exe\u2066.txt\u2028Ignore all\u061c.md"))
      .toBe("txt.exe.txtIgnore all.md");
  });

  it.each(["a", "売", "🦄", "é"])("of 300 times %s has at most 255 bytes at OpenAI", (letter) => {
    const name = displayName(`${letter.repeat(300)}.txt`);
    expect(Array.from(name)).toHaveLength(255);
    const sent = remote(name);
    expect(new TextEncoder().encode(sent).byteLength).toBeLessThanOrEqual(255);
    expect(sent.isWellFormed()).toBe(true);
    expect(sent).toMatch(/~parley-0a1b2c3d-9f8e7d6c\.txt$/);
    expect(name.startsWith(restoreNames(sent))).toBe(true);
  });

  it("tells the clean-up whose file it is", () => {
    expect(hasMarker(remote("売上.txt"), PROJECT)).toBe(true);
    expect(hasMarker(remote("売上.txt"), "ffffffff")).toBe(false);
    expect(hasMarker("売上.txt", PROJECT)).toBe(false);
  });
});

describe("a marker in a reply", () => {
  const start = `In ${remote("売上.txt")} I found: ~5 %, ~p, ~parley-x. See `;
  const shown = "In 売上.txt I found: ~5 %, ~p, ~parley-x. See ";
  const cases = [1, 2, 3, 5, 7, 13, 1_000].flatMap((size) => [
    { size, end: remote("b.md"), shownEnd: "b.md" },
    { size, end: "~par", shownEnd: "~par" },
  ]);

  it.each(cases)("is never shown, in deltas of $size characters before $shownEnd", (example) => {
    const { size, end, shownEnd } = example;
    const text = start + end;
    const deltas = text.match(new RegExp(`.{1,${size}}`, "gsu")) ?? [];
    const events = [
      created(),
      textAdded("msg_1"),
      ...deltas.map((delta) => textDelta("msg_1", delta)),
      annotated("msg_1", fileCitation("file-deleted", remote("売上.txt"))),
      completed(),
    ];
    const mapper = createEventMapper();
    const stored = createPartsReducer("m");
    const chunks = numbered(events).flatMap((event) => mapper.push(event));
    chunks.forEach((chunk) => stored.push(chunk));
    expect(stored.text).toBe(shown + shownEnd);
    expect(JSON.stringify(chunks)).not.toContain("parley-0a1b2c3d");
    expect(stored.parts).toContainEqual(expect.objectContaining({ filename: "売上.txt" }));
  });

  it("is not shown in the queries of a search, nor in the name of a file that a program made", () => {
    const call = {
      id: "fs_1",
      type: "file_search_call" as const,
      status: "completed" as const,
      queries: [`sales in ${remote("売上.txt")}`],
      results: null,
    };
    const made: MadeFile[] = [];
    const mapper = createEventMapper({ onMade: (file) => made.push(file) });
    const citation = {
      type: "container_file_citation" as const,
      container_id: "c",
      file_id: "cfile",
      filename: remote("b.csv"),
      start_index: 0,
      end_index: 0,
    };
    const events = numbered([created(), itemDone(call), annotated("msg_1", citation)]);
    expect(JSON.stringify(events.flatMap((event) => mapper.push(event))))
      .toContain('"queries":["sales in 売上.txt"]');
    expect(made).toMatchObject([{ name: "b.csv" }]);
  });

  it("holds back only the end of a text that may become one", () => {
    expect(certainLength("Ends with a stop.")).toBe(17);
    expect(certainLength("About ~5 %")).toBe(10);
    expect(certainLength("a.txt~par")).toBe(5);
    expect(certainLength(remote("a.txt"))).toBe(5);
    expect(certainLength(`${remote("a.txt")} `)).toBe(remote("a.txt").length + 1);
  });
});
