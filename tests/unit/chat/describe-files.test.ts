import { describe, expect, it } from "vitest";
import { buildInput } from "../../../functions/_shared/turn/request/build-input.ts";
import { withFileList } from "../../../functions/_shared/turn/request/describe-files.ts";
import { isInline } from "../../../functions/_shared/session-files/unreadable-file.ts";
import { InlineFiles } from "../../../functions/_shared/turn/request/inline-files.ts";
import type { PastMessage, SessionFile } from "../../../functions/_shared/turn/turn-database.ts";

const PDF = "application/pdf";

function file(file_name: string, file_type = "text/plain", file_size = 1_000): SessionFile {
  return {
    id: file_name,
    session_id: "session",
    assistant_slug: null,
    openai_file_id: `file-${file_name}`,
    file_name,
    file_type,
    file_size,
  };
}

function message(sender: PastMessage["sender"], text: string, file_ids: string[]): PastMessage {
  return { sender, content: text, parts: [{ type: "text", text }], file_ids };
}

describe("what the model is told of files", () => {
  const files = [file("売上.txt"), file("cat.png", "image/png"), file("scan.pdf", PDF)];
  const show = (messages: PastMessage[], isShown: (file: SessionFile) => boolean) =>
    buildInput(messages, { fileOf: (id) => files.find((known) => known.id === id), isShown })
      .flat();

  it("a message names its files, and contains those that are shown", () => {
    const question = message("user", "What is new?", ["売上.txt", "cat.png", "scan.pdf"]);
    expect(show([question], ({ file_type }) => file_type !== "text/plain")).toEqual([{
      role: "user",
      content: [
        {
          type: "input_text",
          text: "What is new?\n\nAttached: 売上.txt\nAttached: cat.png\nAttached: scan.pdf",
        },
        { type: "input_image", file_id: "file-cat.png", detail: "auto" },
        { type: "input_file", file_id: "file-scan.pdf" },
      ],
    }]);
  });

  it("a file that is not shown is still named, also without a text", () => {
    const question = message("user", "", ["scan.pdf"]);
    expect(show([question], () => false)).toEqual([
      { role: "user", content: [{ type: "input_text", text: "Attached: scan.pdf" }] },
    ]);
  });

  it("the instructions end with the names of the chat's files", () => {
    expect(withFileList("Be kind.", files)).toBe(
      "Be kind.\n\nFiles in this chat:\n- 売上.txt\n- cat.png\n- scan.pdf",
    );
    expect(withFileList("Be kind.", [])).toBe("Be kind.");
  });

  it("of very many files, the newest are named", () => {
    const many = Array.from({ length: 150 }, (_, index) => file(`${index}.txt`));
    const lines = withFileList("", many).split("\n");
    expect(lines.slice(0, 3)).toEqual(["Files in this chat:", "- 50 older files", "- 50.txt"]);
    expect(lines.at(-1)).toBe("- 149.txt");
    const long = Array.from({ length: 99 }, (_, index) => file(`${index}${"x".repeat(250)}`));
    expect(withFileList("", long).length).toBeLessThan(10_500);
    expect(withFileList("", long)).toContain("\n- 98xx");
  });
});

describe("a PDF is shown whole", () => {
  it.each<[SessionFile, boolean]>([
    [file("a.pdf", PDF, 10_000_000), true],
    [file("a.pdf", PDF, 10_000_001), false],
    [file("a.txt"), false],
  ])("%o: %s", (known, expected) => {
    expect(isInline(known)).toBe(expected);
  });

  it("while all of a request have at most 50 MB and fit into the tokens", () => {
    const files = Array.from({ length: 8 }, (_, index) => file(`${index}.pdf`, PDF, 9_000_000));
    const chosen = new InlineFiles();
    chosen.choose(files.slice(0, 1));
    chosen.choose(files.slice(0, 3), chosen.tokens);
    expect(files.map((known) => chosen.has(known)).lastIndexOf(true)).toBe(1);
    chosen.choose(files);
    expect(chosen.size).toBe(5);
  });
});
