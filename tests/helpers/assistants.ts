import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { FileReply } from "../../types/api.ts";
import { createAdmin } from "../functions/admin/make-admin.ts";
import { postFile } from "./files.ts";
import { asPostgres, must, type TestUser } from "./stack.ts";

/** An assistant of a test, and an admin who adds files to it. */
export interface TestAssistant {
  slug: string;
  admin: TestUser;
}

/** Creates an assistant without files. */
export async function createAssistant(): Promise<TestAssistant> {
  const slug = `guide-${randomUUID().slice(0, 8)}`;
  await asPostgres(
    `insert into public.assistants (slug, name, description, model, sort_order)
     values ($1, 'Guide', 'Knows its files.', 'gpt-5.4-mini', 1000)`,
    [slug],
  );
  return { slug, admin: await createAdmin() };
}

/** Returns a form that adds a file to an assistant. More fields come before the file. */
export function assistantForm(
  slug: string,
  content: string | Uint8Array<ArrayBuffer>,
  name: string,
  { fileFirst = false, fields = {} }: {
    fileFirst?: boolean;
    fields?: Record<string, string>;
  } = {},
): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  if (!fileFirst) form.set("assistant_slug", slug);
  form.set("file", new File([content], name));
  if (fileFirst) form.set("assistant_slug", slug);
  return form;
}

/** Returns the files of an assistant, as an admin lists them. */
export async function filesOf({ slug, admin }: TestAssistant): Promise<FileReply[]> {
  return must(await admin.client.rpc("admin_list_assistant_files", { assistant_slug: slug }));
}

/** Returns a file of an assistant once it is ready or has failed. */
export async function settledFile(assistant: TestAssistant, id: string): Promise<FileReply> {
  const find = async () => (await filesOf(assistant)).find((file) => file.id === id);
  await expect.poll(async () => (await find())?.status, { timeout: 15_000 }).toMatch(
    /ready|failed/,
  );
  const file = await find();
  if (!file) throw new Error("The file is gone.");
  return file;
}

/** Adds a file to an assistant and waits until it can be used. */
export async function addFile(
  assistant: TestAssistant,
  content: string,
  name: string,
): Promise<FileReply> {
  const response = await postFile(assistant.admin, assistantForm(assistant.slug, content, name));
  if (!response.ok) throw new Error(await response.text());
  const file = await settledFile(assistant, (await response.json()).id);
  expect(file.error).toBeNull();
  return file;
}
