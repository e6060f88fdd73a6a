import { type ErrorCode, errors, isErrorCode } from "../../types/errors.ts";
import type { Catalogue } from "./catalogue.ts";
import type { CodeFile } from "./code-errors.ts";
import { writeCode, writePage, writeTable } from "./markdown.ts";
import { findRefusals } from "./sql-errors.ts";

/** Writes `errors.md`: every error code, and the places that raise it. */
export function writeErrorsPage({ functions }: Catalogue, files: CodeFile[]): string {
  const raised = new Map<string, Set<string>>();
  const add = (code: string, place: string) =>
    raised.set(code, (raised.get(code) ?? new Set()).add(place));
  for (const { schema, name, source } of functions) {
    for (const { code } of findRefusals(source)) add(code, `${schema}.${name}`);
  }
  for (const { file, codes } of files) for (const code of codes) add(code, file);
  const rows = Object.keys(errors).filter(isErrorCode).sort()
    .map((code) => writeRow(code, [...raised.get(code) ?? []].sort()));
  return writePage(
    "Error codes",
    "`types/errors.ts`, the catalogue of the database and `functions/`",
    [
      "Functions answer errors as `{ code, message, details, hint }`: `message` says what happened and what to do. " +
      "The REST API has the code in `message` and the sentences in `hint`. A code without a status is in a stream " +
      "or in a stored row. A refusal may say more exactly what happened than this table does.",
      writeTable(["code", "status", "what happened", "what to do", "raised by"], rows),
    ],
  );
}

function writeRow(code: ErrorCode, places: string[]): string[] {
  const { status, meaning, action } = errors[code];
  return [
    writeCode(code),
    status === null ? "" : String(status),
    meaning,
    action,
    places.map(writeCode).join(", "),
  ];
}
