import { describe, expect, it } from "vitest";
import { buildFilter, pickFiles } from "../../../functions/_shared/turn/request/search-filter.ts";
import type { SessionFile } from "../../../functions/_shared/turn/turn-database.ts";

/** Returns a file whose id is its name. */
function file(file_name: string, file_type = "text/plain"): SessionFile {
  return {
    id: file_name,
    session_id: "session",
    assistant_slug: null,
    openai_file_id: `file-${file_name}`,
    file_name,
    file_type,
    file_size: 1,
  };
}

/** Returns the names that a question with this text is limited to; null for all files. */
function filtered(content: string, names: string[], attached: string[] = []): unknown {
  const question = { sender: "user" as const, content, parts: [], file_ids: attached };
  const filter = buildFilter(pickFiles(question, names.map((name) => file(name))));
  return filter && filter.value;
}

describe("a turn searches", () => {
  const names = ["plan.md", "business plan.md", "売上報告_今週.txt", "売上報告_先週.txt", "a.ts"];

  it.each<[content: string, attached: string[], found: unknown]>([
    ["What is new?", [], null],
    ["What is new?", ["plan.md"], "plan.md"],
    ["What is new?", ["plan.md", "a.ts"], ["plan.md", "a.ts"]],
    ["What is in PLAN.md?", [], "plan.md"],
    ["Compare plan.md with a.ts.", [], ["plan.md", "a.ts"]],
    ["Is the business plan.md good?", [], "business plan.md"],
    ["Is the business plan.md like plan.md?", [], ["plan.md", "business plan.md"]],
    ["売上報告_今週.txtを要約してください", [], "売上報告_今週.txt"],
    ["この売上報告_今週.txtは？", ["売上報告_先週.txt"], [
      "売上報告_今週.txt",
      "売上報告_先週.txt",
    ]],
    ["What is data.ts, and a.tsx?", [], null],
    ["What is in the plan?", [], null],
    ["What is new?", ["gone.md"], null],
  ])("%j with %j: %j", (content, attached, found) => {
    expect(filtered(content, names, attached)).toEqual(found);
  });

  it("a file whose name another keyboard composed", () => {
    expect(filtered("Was steht in U\u0308bersicht.md?", ["Übersicht.md"])).toBe("Übersicht.md");
  });

  it("files whose names are patterns", () => {
    const odd = ["a+b (1).txt", "[x]*.txt", "c:\\d|e^$.txt"];
    expect(filtered(`See ${odd.join(", ")}.`, odd)).toEqual(odd);
    expect(filtered("See aab 1.txt", odd)).toBeNull();
  });

  it("all files when it names more than 20", () => {
    const many = Array.from({ length: 21 }, (_, index) => `${index}-x.md`);
    expect(filtered("All?", many, many)).toBeNull();
    expect(filtered("All?", many, many.slice(1))).toEqual(many.slice(1));
  });

  it("all files when it attaches an image, which no store has", () => {
    const question = { sender: "user" as const, content: "", parts: [], file_ids: ["cat.png"] };
    expect(pickFiles(question, [file("cat.png", "image/png"), file("plan.md")])).toBeNull();
  });
});
