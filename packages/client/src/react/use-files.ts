import { useCallback } from "react";
import type { FileRow, Parley, Upload, UploadOptions } from "../index.ts";
import { type Loaded, useLoaded } from "./use-loaded.ts";

/** The files of a chat, and what can be done with them. */
export interface FileList extends Loaded<FileRow[]> {
  /** Uploads a file to the chat. Resolves when its bytes are stored; the list then shows its status. */
  upload(file: Blob, options?: Omit<UploadOptions, "sessionId" | "assistantSlug">): Promise<Upload>;
  /** Deletes a file. */
  remove(fileId: string): Promise<void>;
}

/**
 * The files of a chat. The list follows each new status, also of files that other devices upload.
 *
 * @example
 * function Files({ sessionId }: { sessionId: string }) {
 *   const { data = [], upload } = useFiles(parley, { sessionId });
 *   return (
 *     <>
 *       <input type="file" onChange={({ target }) => target.files?.[0] && upload(target.files[0])} />
 *       {data.map(({ id, file_name, status }) => <p key={id}>{file_name}: {status}</p>)}
 *     </>
 *   );
 * }
 */
export function useFiles(parley: Parley, { sessionId }: { sessionId: string }): FileList {
  const load = useCallback(() => parley.files.list(sessionId), [parley, sessionId]);
  const follow = useCallback(
    (onChange: () => void) =>
      parley.live.onFile(({ session_id }) => session_id === sessionId && onChange()),
    [parley, sessionId],
  );
  const files = useLoaded(parley, load, follow);
  const { refresh } = files;

  // The list is read after each change too, because events need Realtime.
  const upload = useCallback<FileList["upload"]>(async (file, options) => {
    const stored = await parley.files.upload(file, { ...options, sessionId });
    await refresh();
    return stored;
  }, [parley, sessionId, refresh]);

  const remove = useCallback<FileList["remove"]>(async (fileId) => {
    await parley.files.remove(fileId);
    await refresh();
  }, [parley, refresh]);

  return { ...files, upload, remove };
}
