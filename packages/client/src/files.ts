import type { RegisterRequest } from "../../../types/client-results.ts";
import type { Calls } from "./calls.ts";
import type { FileRow } from "./database.ts";
import { readError } from "./errors.ts";
import type { Live } from "./live.ts";
import type { CallOptions } from "./options.ts";
import { pause } from "./pause.ts";
import { canShowProgress, putObject } from "./put-object.ts";
import type { FilePart } from "./ui-message.ts";

/** Where a file goes, and how its upload is followed. */
export interface UploadOptions extends CallOptions {
  /** The chat that gets the file. */
  sessionId?: string;
  /** The assistant that gets the file, instead of a chat. Only admins may name one. */
  assistantSlug?: string;
  /** The message of the chat that the file belongs to. */
  messageId?: string;
  /** The name of the file; that of a `File` by default. */
  name?: string;
  /**
   * Called with the share of the bytes that are sent, from 0 to 1. Browsers and React Native report each step. Other
   * environments report the end only.
   */
  onProgress?: (share: number) => void;
}

/** A file whose bytes are stored. */
export interface Upload {
  /** The row of the file. If the chat has a file with the same bytes, it is that one. */
  file: FileRow;
  /**
   * Waits until the file can be used in messages. Rejects with the code of a file that fails, such as `encrypted`.
   *
   * @example
   * const upload = await parley.files.upload(new File(["Rain."], "rain.txt"), { sessionId: session.id });
   * const file = await upload.ready({ signal: AbortSignal.timeout(60_000) });
   */
  ready(options?: CallOptions): Promise<FileRow>;
}

/** The files of the caller's chats. */
export interface Files {
  /**
   * Uploads a file. Resolves when its bytes are stored. A refusal rejects with its code, such as `file_too_large`.
   *
   * @example
   * const upload = await parley.files.upload(new File(["Rain."], "rain.txt"), {
   *   sessionId: session.id,
   *   onProgress: (share) => console.log(`${Math.round(share * 100)} %`),
   * });
   * await upload.ready();
   */
  upload(file: Blob, options: UploadOptions): Promise<Upload>;
  /**
   * Adds an object that your app put into the bucket `chat-files`.
   *
   * @example
   * const upload = await parley.files.register({ session_id: session.id, storage_path: "folder/name" });
   */
  register(object: RegisterRequest): Promise<Upload>;
  /**
   * Waits until a file can be used, as `Upload.ready` does.
   *
   * @example
   * for (const { id } of await parley.files.list(session.id)) await parley.files.ready(id);
   */
  ready(fileId: string, options?: CallOptions): Promise<FileRow>;
  /**
   * Lists the files of a chat, oldest first.
   *
   * @example
   * const files = await parley.files.list(session.id);
   */
  list(sessionId: string): Promise<FileRow[]>;
  /**
   * Indexes a failed file again, from the stored bytes.
   *
   * @example
   * const [file] = await parley.files.list(session.id);
   * if (file?.status === "failed") await (await parley.files.retry(file.id)).ready();
   */
  retry(fileId: string): Promise<Upload>;
  /**
   * Deletes a file.
   *
   * @example
   * for (const { id } of await parley.files.list(session.id)) await parley.files.remove(id);
   */
  remove(fileId: string): Promise<void>;
  /**
   * Returns a link that downloads a file. It works for an hour, or for the given number of seconds.
   *
   * @example
   * const [file] = await parley.files.list(session.id);
   * const link = file && await parley.files.downloadUrl(file);
   */
  downloadUrl(file: Pick<FileRow, "storage_path" | "file_name">, seconds?: number): Promise<string>;
  /**
   * Returns the part that attaches a file to a message.
   *
   * @example
   * const [file] = await parley.files.list(session.id);
   * const parts = [{ type: "text", text: "What does it say?" }, ...(file ? [parley.files.part(file)] : [])];
   */
  part(file: Pick<FileRow, "id" | "file_name" | "file_type">): FilePart;
}

const BUCKET = "chat-files";
/** The largest file that goes through the function. Storage stores larger ones without the function's memory. */
const FUNCTION_BYTES = 6_000_000;
const FIRST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 15_000;

/** Creates `parley.files`. */
export function createFiles(calls: Calls, live: Live): Files {
  const { supabase, invoke, query } = calls;

  const ready = (id: string, options?: CallOptions) => waitUntilReady(calls, live, id, options);
  const asUpload = (file: FileRow): Upload => ({
    file,
    ready: (options) => ready(file.id, options),
  });

  /** Uploads through the function, which checks the limits before the bytes arrive. */
  function sendForm(file: Blob, options: UploadOptions) {
    const form = new FormData();
    for (const [name, value] of Object.entries(targetOf(options))) form.set(name, value);
    form.set("file", file, nameOf(file, options));
    return invoke<FileRow>("POST", "files", { body: form, signal: options.signal });
  }

  /** Uploads to Storage, and registers the object. */
  async function sendObject(file: Blob, options: UploadOptions): Promise<FileRow> {
    const { signal, onProgress } = options;
    const path = `${await calls.profileId()}/${crypto.randomUUID()}`;
    const { data, error } = await supabase.storage.from(BUCKET).createSignedUploadUrl(path);
    if (error) throw readError(error);
    await putObject(data.signedUrl, file, { signal, onProgress });
    const body: RegisterRequest = {
      storage_path: path,
      file_name: nameOf(file, options),
      ...targetOf(options),
    };
    return await invoke("POST", "files", { body, signal });
  }

  return {
    ready,
    async upload(file, options) {
      const { onProgress } = options;
      const isObject = file.size > FUNCTION_BYTES ||
        (onProgress !== undefined && canShowProgress());
      const row = await (isObject ? sendObject(file, options) : sendForm(file, options));
      onProgress?.(1);
      return asUpload(row);
    },
    register: async (body) => asUpload(await invoke("POST", "files", { body })),
    list: (sessionId) =>
      query(() =>
        supabase.from("chat_files").select().eq("session_id", sessionId).order("created_at")
      ),
    retry: async (id) => asUpload(await invoke("POST", `files/${id}/retry`)),
    remove: async (id) => void await invoke("DELETE", `files/${id}`),
    async downloadUrl({ storage_path, file_name }, seconds = 3600) {
      const bucket = supabase.storage.from(BUCKET);
      const { data, error } = await bucket.createSignedUrl(storage_path, seconds, {
        download: file_name,
      });
      if (error) throw readError(error);
      return data.signedUrl;
    },
    part: ({ id, file_name, file_type }) => ({
      type: "file",
      mediaType: file_type,
      filename: file_name,
      url: `parley:file/${id}`,
    }),
  };
}

/** Returns the fields of a request that say where a file belongs. */
function targetOf({ sessionId, assistantSlug, messageId }: UploadOptions) {
  return {
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(assistantSlug !== undefined && { assistant_slug: assistantSlug }),
    ...(messageId !== undefined && { message_id: messageId }),
  };
}

function nameOf(file: Blob, { name }: Pick<UploadOptions, "name">): string {
  return name ??
    ("name" in file && typeof file.name === "string" && file.name !== "" ? file.name : "file");
}

/** Waits for a live event about the file. Without Realtime, it asks with growing pauses. */
async function waitUntilReady(
  { supabase, query }: Calls,
  live: Live,
  id: string,
  { signal }: CallOptions = {},
): Promise<FileRow> {
  let wake = () => {};
  const stop = live.onFile(({ file_id }) => file_id === id && wake());
  try {
    for (let wait = FIRST_POLL_MS;; wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
      const changed = new Promise<void>((resolve) => wake = resolve);
      const file = await query(() =>
        supabase.from("chat_files").select().eq("id", id).maybeSingle()
      );
      if (file.status === "ready") return file;
      if (file.status === "failed") throw readError(file.error);
      await pause(wait, signal, changed);
    }
  } catch (error) {
    throw readError(error);
  } finally {
    stop();
  }
}
