import type { Responses } from "openai/resources/responses/responses";
import { restoreNames } from "../../openai/file-marker.ts";
import type { Annotation } from "./map-sources.ts";

/** A file that the model made. Its bytes are not part of the reply. */
export type MadeFile =
  | {
    kind: "image";
    /** OpenAI's id of the item. */
    remoteId: string;
    /** The bytes in base64. */
    base64: string;
  }
  | {
    kind: "code";
    /** OpenAI's id of the file, in its container. */
    remoteId: string;
    containerId: string;
    /** The name that the program gave it. */
    name: string;
  };

/** Returns the image of an output item; `undefined` for any other item, and for an image that is not complete. */
export function readImage(item: Responses.ResponseOutputItem): MadeFile | undefined {
  if (item.type !== "image_generation_call" || !item.result) return undefined;
  return { kind: "image", remoteId: item.id, base64: item.result };
}

/**
 * Returns the file of the code interpreter that an annotation cites; `undefined` for any other annotation.
 * @see https://developers.openai.com/api/docs/guides/tools-code-interpreter#work-with-files
 */
export function readCodeFile(annotation: Annotation): MadeFile | undefined {
  if (annotation?.type !== "container_file_citation") return undefined;
  const { file_id: remoteId, container_id: containerId, filename } = annotation;
  return { kind: "code", remoteId, containerId, name: restoreNames(filename) };
}
