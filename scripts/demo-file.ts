import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { FileReply } from "../types/api.ts";
import type { Database } from "../types/database.ts";

const POLL_MS = 250;

/** The project, the session and the user of an upload. */
export interface UploadTarget {
  supabase: SupabaseClient<Database>;
  url: string;
  accessToken: string;
  sessionId: string;
}

/** Uploads a file to a session. Resolves when the assistant can use it. Rejects with the server's message. */
export async function uploadFile(target: UploadTarget, file: string): Promise<FileReply> {
  const form = new FormData();
  form.set("session_id", target.sessionId);
  form.set("file", new File([await readFile(file)], path.basename(file)));
  const response = await fetch(`${target.url}/functions/v1/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${target.accessToken}` },
    body: form,
  });
  const reply: FileReply & { message?: string } = await response.json();
  if (!response.ok) throw new Error(`The upload failed: ${reply.message}`);
  return await waitUntilReady(target.supabase, reply.id);
}

/** Returns a topic of the file: its first heading, or else its first line. */
export async function firstTopic(file: string): Promise<string> {
  const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.trim());
  const heading = lines.find((line) => line.startsWith("#")) ?? lines.find(Boolean) ?? file;
  return heading.replace(/^#+\s*/, "").slice(0, 100);
}

async function waitUntilReady(
  supabase: UploadTarget["supabase"],
  fileId: string,
): Promise<FileReply> {
  for (;;) {
    const { data } = await supabase.from("chat_files").select().eq("id", fileId).single()
      .throwOnError();
    if (data.status === "ready") return data;
    if (data.status === "failed") {
      throw new Error(`The file cannot be used: ${JSON.stringify(data.error)}`);
    }
    await delay(POLL_MS);
  }
}
