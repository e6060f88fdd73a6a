/** Why a file cannot be used, as its owner reads it; each is a stable code and a sentence of ours. */
const FAILURES = {
  upload_failed: "The file could not be stored. Please upload it again.",
  upload_interrupted: "The upload was interrupted. Please upload the file again.",
  indexing_timeout: "The file took too long to be read. Please upload it again.",
  file_unreadable: "The file could not be read. It may be damaged, protected or empty.",
  content_changed:
    "The stored bytes are not the ones that were uploaded. Please upload the file again.",
  provider_error: "The file could not be processed. Please upload it again.",
} as const satisfies Record<string, string>;

/** `chat_files.error` of a file that has failed. */
export interface FileFailure {
  code: keyof typeof FAILURES;
  message: string;
}

/** The failure with this code. */
export function fileFailure(code: FileFailure["code"]): FileFailure {
  return { code, message: FAILURES[code] };
}
