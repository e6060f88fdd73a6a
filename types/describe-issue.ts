// Sentences for people about fields that are not valid. zod's own messages are for programmers.
import type * as z from "zod";

interface FieldWords {
  name: string;
  /** An example of a valid value. */
  example?: string;
}

const UUID = "00000000-0000-4000-8000-000000000000";

/** The names of request fields in sentences. */
const fields: Record<string, FieldWords> = {
  assistant_slug: { name: "The name of the assistant", example: "researcher" },
  cancel_url: { name: "The address for a cancelled payment", example: "https://example.com/shop" },
  code: { name: "The code" },
  content: { name: "The message" },
  cron_schedule: { name: "The cron schedule", example: "0 9 * * 1" },
  date: { name: "The date", example: "2030-01-31" },
  file_ids: { name: "The list of files", example: UUID },
  filename: { name: "The name of the file" },
  frequency: { name: "The frequency", example: "daily" },
  id: { name: "The id", example: UUID },
  mediaType: { name: "The type of the file", example: "text/plain" },
  file_name: { name: "The name of the file", example: "plan.md" },
  for: { name: "The payer", example: "organization" },
  message: { name: "The message" },
  messageId: { name: "The id of the message" },
  message_id: { name: "The id of the message" },
  messages: { name: "The list of messages" },
  parts: { name: "The content of the message" },
  price_id: { name: "The price", example: "price_123" },
  flow: { name: "The flow", example: "cancel" },
  prompt: { name: "The task" },
  quantity: { name: "The number of seats", example: "3" },
  return_url: { name: "The address to return to", example: "https://example.com/account" },
  role: { name: "The role of the message" },
  run_at: { name: "The time of the run", example: "2030-01-31T09:00:00Z" },
  search: { name: "The setting for web search" },
  session_data: { name: "The data for the other app" },
  session_id: { name: "The id of the chat", example: UUID },
  status: { name: "The status" },
  storage_path: { name: "The path of the object" },
  success_url: { name: "The address after the payment", example: "https://example.com/thanks" },
  text: { name: "The text of the message" },
  time: { name: "The time of day", example: "09:00" },
  timezone: { name: "The time zone", example: "Europe/London" },
  title: { name: "The title" },
  trigger: { name: "The trigger" },
  type: { name: "The type of the content" },
  when_busy: { name: "The setting for a busy chat" },
  url: { name: "The address of the file", example: `parley:file/${UUID}` },
};

const types = new Map([
  ["string", "text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "an object"],
  ["record", "an object"],
]);

/** Returns the name of the field at this path, as the subject of a sentence. */
export function nameField(path: PropertyKey[]): string {
  const at = path.findLastIndex((key) => typeof key === "string");
  const key = path[at];
  if (key === undefined) return "The request body";
  const name = fieldWords(key)?.name ?? `The field ${String(key).replaceAll("_", " ")}`;
  const item = path.slice(0, at + 2).findLast((part) => typeof part === "number");
  return typeof item === "number" && key !== "messages" ? `${name} (item ${item + 1})` : name;
}

/** Returns true for a field that has a name in sentences. A test checks that every request field has one. */
export function hasWords(key: string): boolean {
  return fieldWords(key) !== undefined;
}

/** Describes a field that is not valid in a sentence for a person. It is an `error` option of zod's `safeParse`. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  const path = issue.path ?? [];
  return `${nameField(path)} ${describeProblem(issue, path)}.`;
}

function describeProblem(issue: z.core.$ZodRawIssue, path: PropertyKey[]): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return describeAbsence(path);
      return `must be ${types.get(issue.expected) ?? "of another type"}`;
    case "too_small":
      if (issue.minimum === 1 && issue.origin !== "number") return "must not be empty";
      return `must ${measure(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `must ${measure(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_value":
      if (issue.input === undefined) return describeAbsence(path);
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`;
    case "unrecognized_keys":
      return `must not contain ${issue.keys.join(", ")}`;
    default:
      return describeFormat(path);
  }
}

function describeAbsence(path: PropertyKey[]): string {
  const key = path.at(-1);
  return key === undefined ? "is missing" : `is missing: send the field ${String(key)}`;
}

function describeFormat(path: PropertyKey[]): string {
  const key = path.findLast((part) => typeof part === "string");
  const example = key === undefined ? undefined : fieldWords(key)?.example;
  return example === undefined ? "is not valid" : `must look like ${example}`;
}

function fieldWords(key: PropertyKey): FieldWords | undefined {
  return Object.hasOwn(fields, key) ? fields[String(key)] : undefined;
}

function measure(origin: string): string {
  return origin === "number" || origin === "int" ? "be" : "have";
}

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "number" || origin === "int" ? "" : " entries";
}
