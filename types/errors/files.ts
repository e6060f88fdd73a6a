import type { ErrorEntry } from "./entry.ts";

/** Errors of files: uploads, objects in Storage, and files in a message. */
export const fileErrors = {
  upload_first: {
    status: 400,
    meaning: "The message contains a file that was not uploaded.",
    action: "Upload the file first, then name it as parley:file/<id>.",
  },
  empty_file: {
    status: 400,
    meaning: "The file is empty.",
    action: "Choose a file with content.",
  },
  file_too_large: {
    status: 413,
    meaning: "The file is larger than your plan allows.",
    action: "Choose a smaller file or upgrade the plan.",
  },
  unsupported_file_type: {
    status: 415,
    meaning: "Files of this type are not supported.",
    action: "Convert the file to a type that details.supported names.",
  },
  unknown_encoding: {
    status: 415,
    meaning: "The file looks like text, but its encoding cannot be detected.",
    action: "Save it as UTF-8 and upload it again.",
  },
  encrypted: {
    status: 415,
    meaning: "The file is protected with a password.",
    action: "Remove the password and upload the file again.",
  },
  damaged: {
    status: null,
    meaning: "The file is damaged, or not what its name says.",
    action: "Open it in the program that made it, save it again, and upload the new file.",
  },
  no_text: {
    status: null,
    meaning: "The file contains no text that can be searched. It may be a scan.",
    action: "Run text recognition (OCR) on it and upload the result, or upload pages as images.",
  },
  too_long: {
    status: null,
    meaning: "The file contains more text than can be read.",
    action: "Split it into smaller files and upload them one by one.",
  },
  file_limit_reached: {
    status: 402,
    meaning: "This chat already has as many files as your plan allows.",
    action: "Delete a file of this chat or upgrade the plan.",
  },
  image_not_searched: {
    status: 415,
    meaning: "The files of an assistant are searched, and an image cannot be searched.",
    action: "Upload a document or a text.",
  },
  assistant_not_found: {
    status: 404,
    meaning: "This assistant does not exist.",
    action: "Check its slug in the list of assistants.",
  },
  assistant_file_limit_reached: {
    status: 409,
    meaning: "This assistant has as many files as its max_files allows.",
    action: "Delete one of its files, or raise max_files.",
  },
  storage_full: {
    status: 402,
    meaning: "Your files take as much room as your plan allows.",
    action: "Delete files or chats, or upgrade the plan.",
  },
  object_not_found: {
    status: 404,
    meaning: "This object does not exist in your folder of the bucket chat-files.",
    action: "Upload the object there first.",
  },
  too_many_unregistered_objects: {
    status: 403,
    meaning: "Too many uploads are not registered as files.",
    action: "Register them, or wait a day until they are deleted.",
  },
  object_in_use: {
    status: 409,
    meaning: "This object is already a file of another chat or assistant.",
    action: "Upload the file again for this one.",
  },
  file_not_found: {
    status: 404,
    meaning: "This file does not exist or belongs to another chat.",
    action: "Upload the file to this chat.",
  },
  file_changed: {
    status: 409,
    meaning: "The stored file is missing, or differs from the uploaded file.",
    action: "Upload the file again.",
  },
  file_not_ready: {
    status: 409,
    meaning: "The file is not ready yet, or it failed.",
    action: "Wait until the file is ready, or remove it from the message.",
  },
  file_not_failed: {
    status: 409,
    meaning: "This file has not failed, so there is nothing to try again.",
    action: "Reload the list of files.",
  },
  file_not_stored: {
    status: 409,
    meaning: "The upload of this file did not reach its end.",
    action: "Upload the file again.",
  },
  file_exists: {
    status: 409,
    meaning: "This chat or assistant has another file with the same content.",
    action: "Use that file, and delete this one.",
  },
  upload_failed: {
    status: 503,
    meaning: "The file could not be stored.",
    action: "Upload the file again.",
  },
  upload_interrupted: {
    status: null,
    meaning: "The upload was interrupted.",
    action: "Upload the file again.",
  },
  indexing_timeout: {
    status: null,
    meaning: "The file was not read within an hour.",
    action: "Try again with POST /files/:id/retry.",
  },
  file_unreadable: {
    status: null,
    meaning: "The AI provider cannot read this file.",
    action: "Save it in another format, such as PDF or plain text, and upload it again.",
  },
} as const satisfies Record<string, ErrorEntry>;
