import { readdir } from "node:fs/promises";
import pg from "pg";
import { expect, test } from "vitest";
import { readCatalogue } from "../../scripts/reference/catalogue.ts";
import { readCode } from "../../scripts/reference/code-errors.ts";
import { errorsOf } from "../../scripts/reference/route-errors.ts";
import { createErrorIndex } from "../../scripts/reference/sql-errors.ts";
import { type ErrorCode, errors, isErrorCode } from "../../types/errors.ts";
import { routes } from "../../types/routes.ts";
import { stack } from "../helpers/stack.ts";

const client = new pg.Client({ connectionString: stack.DB_URL });
await client.connect();
const errorsOfSql = createErrorIndex(await readCatalogue(client));
await client.end();

const provider: ErrorCode[] = [
  "provider_error",
  "provider_busy",
  "provider_misconfigured",
  "provider_timeout",
  "content_filtered",
  "context_too_long",
  "image_refused",
];
/** A file that the model has made and that cannot be stored leads to a notice in the reply. */
const madeFile: ErrorCode[] = [
  "empty_file",
  "file_limit_reached",
  "file_not_found",
  "file_too_large",
  "storage_full",
  "upload_failed",
];
/** A stored file that cannot be read. An upload gets these codes as an answer, too. */
const storedFile: ErrorCode[] = [
  "encrypted",
  "file_changed",
  "unknown_encoding",
  "unsupported_file_type",
];
/**
 * Codes that the code names but no caller receives, because they are stored in rows of files and replies, or are words
 * of a log.
 */
const unanswered: Record<string, ErrorCode[]> = {
  billing: ["provider_misconfigured", "wrong_mode"],
  chat: [...madeFile.filter((code) => code !== "file_not_found"), ...storedFile],
  files: provider,
  lookouts: [...provider, ...madeFile, ...storedFile],
  "openai-webhook": [...provider, ...madeFile, ...storedFile],
  "stripe-webhook": ["provider_misconfigured"],
  "turn-recovery": [...provider, ...madeFile, ...storedFile],
  "vector-store-cleanup": [...provider, ...storedFile, "upload_failed"],
};
/** Codes that every function can raise, because they come from shared code. */
const shared: ErrorCode[] = [
  "database_outdated",
  "internal",
  "invalid_json",
  "invalid_request",
  "method_not_allowed",
  "not_found",
  "payload_too_large",
  "request_timeout",
  "try_again",
  "unauthorized",
];

const functions = (await readdir("functions", { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
  .map(({ name }) => name);

test.for(functions)("%s: the routes list what its code can raise", async (name) => {
  const listed = routes.filter(({ path }) => path.split("/")[1] === name).flatMap(errorsOf);
  const { codes } = await readCode(name);
  const expected = [...codes].filter((code) =>
    errors[code].status !== null && !shared.includes(code) && !unanswered[name]?.includes(code)
  );

  expect(expected.filter((code) => !listed.some((each) => each === code))).toEqual([]);
});

test.for(functions)(
  "%s: its code or its database functions raise what the routes list",
  async (name) => {
    const listed = routes.filter(({ path }) => path.split("/")[1] === name).flatMap(errorsOf);
    const { codes, rpcs } = await readCode(name);
    const sql = [...rpcs].flatMap((rpc) => errorsOfSql(`public.${rpc}`)).filter(isErrorCode);
    const raised = new Set<ErrorCode>([...codes, ...sql]);

    expect(listed.filter((code) => !raised.has(code))).toEqual([]);
  },
);
