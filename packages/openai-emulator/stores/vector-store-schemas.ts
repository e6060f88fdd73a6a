import * as z from "zod";
import { CursorQuery, Metadata } from "../responses/request-schemas.ts";
import { AttributeFilter } from "../retrieval/match-filter.ts";

/** The default for splitting a file (https://platform.openai.com/docs/guides/retrieval#chunking). */
const USUAL_CHUNKS = { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 };

/**
 * Half of the tokens of a chunk may overlap at most
 * (https://platform.openai.com/docs/api-reference/vector-stores-files/createFile).
 */
const StaticChunks = z.strictObject({
  max_chunk_size_tokens: z.int().min(100).max(4096),
  chunk_overlap_tokens: z.int().min(0),
}).refine(
  ({ max_chunk_size_tokens, chunk_overlap_tokens }) =>
    chunk_overlap_tokens <= max_chunk_size_tokens / 2,
  {
    path: ["chunk_overlap_tokens"],
    message: "the overlap may be at most half of 'max_chunk_size_tokens'.",
  },
);

const ExpiresAfter = z.strictObject({
  anchor: z.literal("last_active_at"),
  days: z.int().min(1).max(365),
});

/** Accepted and echoed; the emulator always makes passages of the same size. */
const ChunkingStrategy = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto") })
    .transform(() => ({ type: "static", static: USUAL_CHUNKS } as const)),
  z.strictObject({ type: z.literal("static"), static: StaticChunks }),
]).default({ type: "static", static: USUAL_CHUNKS });

const Attributes = z
  .record(z.string().max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
  .refine((attributes) => Object.keys(attributes).length <= 16, "at most 16 keys")
  .nullish()
  .transform((attributes) => attributes ?? {});

/** The body of `POST /v1/vector_stores`. */
export const CreateVectorStore = z.strictObject({
  name: z.string().nullish(),
  description: z.string().nullish(),
  file_ids: z.array(z.string()).max(500).default([]),
  expires_after: ExpiresAfter.nullish(),
  metadata: Metadata.nullish(),
  chunking_strategy: ChunkingStrategy,
});
export type CreateVectorStore = z.infer<typeof CreateVectorStore>;

/** The body of `POST /v1/vector_stores/:id`. */
export const UpdateVectorStore = z.strictObject({
  name: z.string().nullish(),
  expires_after: ExpiresAfter.nullish(),
  metadata: Metadata.nullish(),
});
export type UpdateVectorStore = z.infer<typeof UpdateVectorStore>;

/** The body of `POST /v1/vector_stores/:id/files`. */
export const AttachFile = z.strictObject({
  file_id: z.string(),
  attributes: Attributes,
  chunking_strategy: ChunkingStrategy,
});
export type AttachFile = z.infer<typeof AttachFile>;

/** The body of `POST /v1/vector_stores/:id/files/:file_id`. */
export const UpdateStoreFile = z.strictObject({ attributes: Attributes });

/**
 * The body of `POST /v1/vector_stores/:id/file_batches`: ids with attributes for all files, or files with
 * their own attributes.
 */
export const CreateFileBatch = z.union([
  z.strictObject({
    file_ids: z.array(z.string()).min(1).max(2_000),
    attributes: Attributes,
    chunking_strategy: ChunkingStrategy,
  }).transform(({ file_ids, ...options }) =>
    file_ids.map((file_id): AttachFile => ({ file_id, ...options }))
  ),
  z.strictObject({
    files: z.array(AttachFile).min(1).max(2_000),
  }).transform(({ files }) => files),
]);

/** The query of a list of files in a vector store. */
export const StoreFilesQuery = CursorQuery.extend({
  filter: z.enum(["in_progress", "completed", "failed", "cancelled"]).optional(),
});

/** The body of `POST /v1/vector_stores/:id/search`. Rewriting the query has no effect in the emulator. */
export const SearchVectorStore = z.strictObject({
  query: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .transform((query) => [query].flat()),
  filters: AttributeFilter.nullish(),
  max_num_results: z.int().min(1).max(50).default(10),
  ranking_options: z.strictObject({
    ranker: z.enum(["none", "auto", "default-2024-11-15"]).optional(),
    score_threshold: z.number().min(0).max(1).default(0),
  }).nullish(),
  rewrite_query: z.boolean().optional(),
});
export type SearchVectorStore = z.infer<typeof SearchVectorStore>;
