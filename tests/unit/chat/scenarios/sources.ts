import type { UIMessageChunk } from "ai";
import {
  annotated,
  completed,
  created,
  type EventBody,
  fileCitation,
  textAdded,
  textDelta,
  urlCitation,
} from "../../../helpers/openai-events.ts";
import { end, type Scenario, start } from "./scenario.ts";

/** A reply whose one message carries these annotations. */
function cited(...annotations: Parameters<typeof annotated>[1][]): EventBody[] {
  return [
    created(),
    textAdded("msg_1"),
    textDelta("msg_1", "See"),
    ...annotations.map((annotation) => annotated("msg_1", annotation)),
    completed(),
  ];
}

/** The chunks of such a reply. */
function withSources(...sources: UIMessageChunk[]): UIMessageChunk[] {
  return [
    start,
    { type: "text-start", id: "msg_1:0" },
    { type: "text-delta", id: "msg_1:0", delta: "See" },
    ...sources,
    { type: "text-end", id: "msg_1:0" },
    end,
  ];
}

const handbook: UIMessageChunk = {
  type: "source-document",
  sourceId: "our-file",
  mediaType: "application/pdf",
  title: "Handbook.pdf",
  filename: "Handbook.pdf",
};

/** Citations: which sources a client is told of, and how often. */
export const sources: Scenario[] = [
  {
    name: "a file of Parley, once even if it is cited repeatedly and in different ways",
    events: cited(
      fileCitation("file-known", "upload-1.pdf"),
      fileCitation("file-known", "upload-1.pdf"),
      { type: "file_path", file_id: "file-known", index: 3 },
    ),
    chunks: withSources(handbook),
  },
  {
    name: "a file that Parley does not know",
    events: cited(fileCitation("file-other", "notes.md")),
    chunks: withSources({
      type: "source-document",
      sourceId: "file-other",
      mediaType: "application/octet-stream",
      title: "notes.md",
      filename: "notes.md",
    }),
  },
  {
    name: "a file citation without a file name",
    events: cited(fileCitation("file-other")),
    chunks: withSources({
      type: "source-document",
      sourceId: "file-other",
      mediaType: "application/octet-stream",
      title: "file-other",
    }),
  },
  {
    name: "a file that a program created is no source, a path to one is",
    events: cited(
      {
        type: "container_file_citation",
        container_id: "cntr_1",
        file_id: "cfile_1",
        filename: "chart.png",
        start_index: 0,
        end_index: 1,
      },
      { type: "file_path", file_id: "file-made", index: 0 },
    ),
    chunks: withSources(
      {
        type: "source-document",
        sourceId: "file-made",
        mediaType: "application/octet-stream",
        title: "file-made",
      },
    ),
  },
  {
    name: "web pages, each once, with and without a title",
    events: cited(
      urlCitation("https://example.com/a", "A"),
      urlCitation("https://example.com/b"),
      urlCitation("https://example.com/a", "A again"),
    ),
    chunks: withSources(
      {
        type: "source-url",
        sourceId: "https://example.com/a",
        url: "https://example.com/a",
        title: "A",
      },
      { type: "source-url", sourceId: "https://example.com/b", url: "https://example.com/b" },
    ),
  },
  { name: "an announced annotation that is missing", events: cited(null), chunks: withSources() },
];
