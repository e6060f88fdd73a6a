import type { Context } from "hono";
import * as z from "zod";
import { type FileReply, RegisterRequest } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { runInBackground } from "../_shared/http/background.ts";
import { requireUserId } from "../_shared/http/caller.ts";
import { AppError } from "../_shared/http/errors.ts";
import {
  createFilePorts,
  type FilePorts,
  type FileServices,
} from "../_shared/session-files/file-ports.ts";
import { indexFile } from "../_shared/session-files/index-file.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction, isForm, parseBody, readJson } from "../_shared/http/create-function.ts";
import { type AcceptedFile, acceptUpload } from "./accept-upload.ts";
import { FormReader } from "./read-form.ts";
import { receiveUpload } from "./receive-upload.ts";
import { registerObject } from "./register-object.ts";

/**
 * Creates the function that adds (`POST /files`) and deletes (`DELETE /files/:id`) files. A new file is sent as a form,
 * or is an object that the client has put into Storage. The reply is sent when the bytes are stored. Indexing at OpenAI
 * continues afterwards, and the row shows its status. `POST /files/:id/retry` indexes a failed file again.
 */
export function createFilesFunction(services: FileServices) {
  const app = createFunction({ name: "files", log: services.log, streamsForms: true });
  const asUser = allow("user");

  app.post("/", asUser, async (c) => {
    const { ports, userId } = requestPorts(c, services);
    const { row, isNew } = isForm(c)
      ? await upload(c, ports, userId)
      : await registerObject(ports, userId, parseBody(RegisterRequest, await readJson(c)));
    c.var.facts.profile_id = row.user_id ?? undefined;
    if (isNew) runInBackground(indexFile(ports, row));
    return c.json<FileReply>(row, isNew ? 201 : 200);
  });

  app.delete("/:id", asUser, async (c) => {
    const { ports, userId } = requestPorts(c, services);
    c.var.facts.profile_id = await ports.files.delete(userId, readFileId(c));
    return c.body(null, 204);
  });

  app.post("/:id/retry", asUser, async (c) => {
    const { ports, userId } = requestPorts(c, services);
    const row = await ports.files.retry(userId, readFileId(c));
    c.var.facts.profile_id = row.user_id ?? undefined;
    runInBackground(indexFile(ports, row));
    return c.json<FileReply>(row, 202);
  });
  return app;
}

function readFileId(c: Context<FunctionEnv>): string {
  const id = z.guid().safeParse(c.req.param("id"));
  if (id.success) return id.data;
  throw new AppError("not_found", { message: "This file does not exist. Check its id." });
}

async function upload(
  c: Context<FunctionEnv>,
  ports: FilePorts,
  userId: string,
): Promise<AcceptedFile> {
  const form = new FormReader(c.req.raw);
  try {
    return await acceptUpload(ports, userId, await receiveUpload(form));
  } finally {
    await form.drain();
  }
}

function requestPorts(
  c: Context<FunctionEnv>,
  services: FileServices,
): { ports: FilePorts; userId: string } {
  const { supabaseAdmin } = c.var.supabaseContext;
  return { ports: createFilePorts(services, supabaseAdmin), userId: requireUserId(c) };
}
