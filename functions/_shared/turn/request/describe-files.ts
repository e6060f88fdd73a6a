import type { SessionFile } from "../turn-database.ts";

/** The most names in the instructions, and their most characters in all. */
const MOST_NAMES = 100;
const MOST_CHARACTERS = 10_000;

/** Returns the lines that tell the model which files come with a message. */
export function attachedLines(files: readonly SessionFile[]): string {
  return files.map(({ file_name }) => `Attached: ${file_name}`).join("\n");
}

/**
 * Returns instructions that end with the names of the files of the assistant, and of those of the chat, oldest first.
 * Of very many, the newest are named. What changes most comes last, so that OpenAI's cache keeps what is before it when
 * a file is added.
 */
export function withFileList(instructions: string, files: readonly SessionFile[]): string {
  const { assistant = [], chat = [] } = Object.groupBy(
    files,
    ({ session_id }) => session_id === null ? "assistant" : "chat",
  );
  const blocks = [
    instructions,
    fileList("Files of this assistant:", assistant),
    fileList("Files in this chat:", chat),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

function fileList(title: string, files: readonly SessionFile[]): string {
  if (files.length === 0) return "";
  const names = pickNewest(files);
  const left = files.length - names.length;
  return [
    title,
    ...(left > 0 ? [`- ${left} older files`] : []),
    ...names.map((name) => `- ${name}`),
  ].join("\n");
}

function pickNewest(files: readonly SessionFile[]): string[] {
  const names = files.map(({ file_name }) => file_name).slice(-MOST_NAMES);
  let characters = 0;
  const from = names.findLastIndex((name) => (characters += name.length) > MOST_CHARACTERS);
  return names.slice(from + 1);
}
