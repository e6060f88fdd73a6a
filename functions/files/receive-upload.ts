import { AppError } from "../_shared/http/errors.ts";
import { type FormFields, FormReader } from "./read-form.ts";

/** A form that was read up to the beginning of its file. The content arrives while it is read. */
export interface IncomingUpload {
  /** The fields that came before the file. */
  fields: FormFields;
  fileName: string;
  content: AsyncIterable<Uint8Array>;
  /** Reads the form to its end, after the content. Returns all fields. Throws `invalid_form` if it is incomplete. */
  end(): Promise<FormFields>;
}

/** Reads a form up to the beginning of its file, the part named `file`. Throws `invalid_form`. */
export async function receiveUpload(form: FormReader): Promise<IncomingUpload> {
  for (let file = await form.nextFile(); file; file = await form.nextFile()) {
    const { name, fileName, content } = file;
    if (name === "file") return { fields: form.fields, fileName, content, end: () => end(form) };
    for await (const _ of content);
  }
  throw new AppError("invalid_form", {
    message: "The form has no file. Send it as the part named file.",
  });
}

async function end(form: FormReader): Promise<FormFields> {
  for (let file = await form.nextFile(); file; file = await form.nextFile()) {
    for await (const _ of file.content);
  }
  return form.fields;
}
