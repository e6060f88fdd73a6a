import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import { restoreNames } from "../../openai/file-marker.ts";

/** A stored file with its id, name and type for clients. */
export interface KnownFile {
  id: string;
  file_name: string;
  /** The media type. */
  file_type: string;
}

/** Finds the stored file for an OpenAI file id; `undefined` when there is none. */
export type FindFile = (openaiFileId: string) => KnownFile | undefined;

/** A chunk that names a source of the reply. */
export type SourceChunk = Extract<UIMessageChunk, { type: "source-url" | "source-document" }>;

/** An annotation of a text, in an event or in a stored response. */
export type Annotation = Responses.ResponseOutputTextAnnotationAddedEvent["annotation"];

/** The address of a web page as it is, because clients and strangers get exactly this text as a link. */
const WEB_ADDRESS = /^https?:\/\/[^\s\\]+$/i;

/**
 * Returns the source that an annotation cites; `undefined` for a kind that this version does not know, for an address
 * that is not `http(s)`, and for a file that the model made.
 */
export function mapSource(annotation: Annotation, findFile: FindFile): SourceChunk | undefined {
  switch (annotation?.type) {
    case "url_citation":
      if (!WEB_ADDRESS.test(annotation.url) || !URL.canParse(annotation.url)) return undefined;
      return {
        type: "source-url",
        sourceId: annotation.url,
        url: annotation.url,
        ...(annotation.title && { title: annotation.title }),
      };
    case "file_citation":
      return documentSource(annotation.file_id, annotation.filename, findFile);
    case "file_path":
      return documentSource(annotation.file_id, undefined, findFile);
    default:
      return undefined;
  }
}

function documentSource(
  fileId: string,
  filename: string | undefined,
  findFile: FindFile,
): SourceChunk {
  const file = findFile(fileId);
  // A file that was deleted during the turn has its name only at OpenAI.
  const name = file?.file_name ?? (filename && restoreNames(filename));
  return {
    type: "source-document",
    sourceId: file?.id ?? fileId,
    mediaType: file?.file_type ?? "application/octet-stream",
    title: name || fileId,
    ...(name && { filename: name }),
  };
}
