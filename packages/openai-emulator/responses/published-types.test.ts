import type { Conversations } from "openai/resources/conversations/conversations";
import type { Items } from "openai/resources/conversations/items";
import type { FileCreateParams as UploadParams } from "openai/resources/files";
import type { Responses } from "openai/resources/responses/responses";
import type { FileBatchCreateParams } from "openai/resources/vector-stores/file-batches";
import type { FileCreateParams, FileUpdateParams } from "openai/resources/vector-stores/files";
import type {
  VectorStoreCreateParams,
  VectorStoreSearchParams,
  VectorStoreUpdateParams,
} from "openai/resources/vector-stores/vector-stores";
import { describe, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import type { InputPart, MessageInput, OutputPart } from "../conversations/message-schemas.ts";
import type {
  AttachFile,
  CreateFileBatch,
  CreateVectorStore,
  SearchVectorStore,
  UpdateStoreFile,
  UpdateVectorStore,
} from "../stores/vector-store-schemas.ts";
import type { TypedItem } from "./item-schemas.ts";
import type {
  CreateConversation,
  CreateItems,
  CreateResponse,
  Includable,
  UpdateConversation,
} from "./request-schemas.ts";
import type { ToolChoice, ToolInput } from "./tool-schemas.ts";

// These tests run in the compiler: `tsc` fails when the package gains a field or a value that a schema lacks.

type Scalar = string | number | boolean | null | undefined;

/** A type in which every property is required and not null, so that a missing property is a difference. */
type Plain<Type> = unknown extends Type ? unknown
  : Type extends Scalar ? Type
  : Type extends readonly (infer Element)[] ? Plain<Element>[]
  : { [Key in keyof Type]-?: Plain<NonNullable<Type[Key]>> };

/** Whether two types have the same properties and values, apart from null and optionality. */
type Same<Ours, Published> = [Plain<Ours>] extends [Plain<Published>]
  ? [Plain<Published>] extends [Plain<Ours>] ? true : false
  : false;

/** The properties of `Published` in which `Ours` differs. */
type DriftOf<Ours, Published> =
  | Exclude<keyof Ours, keyof Published>
  | {
    [Key in keyof Published]-?: Key extends keyof Ours
      ? Same<NonNullable<Ours[Key]>, NonNullable<Published[Key]>> extends true ? never : Key
      : Key;
  }[keyof Published];

type Tagged = { type?: string | null };

/** The member of a union with a `type`. */
type Member<Union, Type> = Union extends { type?: infer Types | null }
  ? Type extends Types ? Union : never
  : never;

type TypesOf<Union> = Union extends { type?: infer Type } ? NonNullable<Type> : never;

/** The types of the members in which two unions differ. */
type DriftByType<Ours extends Tagged, Published extends Tagged> = {
  [Type in TypesOf<Ours> | TypesOf<Published>]:
    Same<Member<Ours, Type>, Member<Published, Type>> extends true ? never : Type;
}[TypesOf<Ours> | TypesOf<Published>];

type KeysOf<Union> = Union extends unknown ? keyof Union : never;

type Params = Responses.ResponseCreateParams;
type Body = z.input<typeof CreateResponse>;
type Item = z.input<typeof TypedItem>;
type Tool = z.input<typeof ToolInput>;
type Message = z.input<typeof MessageInput>;

describe("the schemas take what the package's types allow", () => {
  it("for the parameters of a response", () => {
    // The input and the tools follow; the type of context management is any text there.
    type Apart = "input" | "tools" | "tool_choice" | "context_management";
    expectTypeOf<DriftOf<Omit<Body, Apart>, Omit<Params, Apart>>>().toBeNever();
    expectTypeOf<keyof Body>().toEqualTypeOf<keyof Params>();
    type Ours = NonNullable<Body["context_management"]>[number];
    type Theirs = NonNullable<Params["context_management"]>[number];
    expectTypeOf<DriftOf<Ours, Theirs>>().toEqualTypeOf<"type">();
    expectTypeOf<Same<z.input<typeof Includable>, Responses.ResponseIncludable>>()
      .toEqualTypeOf<true>();
  });

  it("for tools", () => {
    expectTypeOf<TypesOf<Tool>>().toEqualTypeOf<TypesOf<Responses.Tool>>();
    // A filter may hold anything there.
    expectTypeOf<DriftByType<Tool, Responses.Tool>>().toEqualTypeOf<"file_search">();
    type Ours = Omit<Member<Tool, "file_search">, "filters">;
    expectTypeOf<DriftOf<Ours, Omit<Responses.FileSearchTool, "filters">>>().toBeNever();
    type Choice = Exclude<z.input<typeof ToolChoice>, string>;
    type PublishedChoice = Exclude<NonNullable<Params["tool_choice"]>, string>;
    expectTypeOf<TypesOf<Choice>>().toEqualTypeOf<TypesOf<PublishedChoice>>();
    // There, the hosted tools share one type, which includes a second choice for `mcp`.
    expectTypeOf<DriftByType<Choice, PublishedChoice>>()
      .toEqualTypeOf<Responses.ToolChoiceTypes["type"]>();
    expectTypeOf<Extract<z.input<typeof ToolChoice>, string>>()
      .toEqualTypeOf<Responses.ToolChoiceOptions>();
  });

  it("for items", () => {
    type Published = Responses.ResponseInputItem;
    expectTypeOf<TypesOf<Item>>().toEqualTypeOf<TypesOf<Published>>();
    // Messages follow; the tools of these two types include file search.
    type Apart = "message" | "tool_search_output" | "additional_tools";
    expectTypeOf<DriftByType<Item, Published>>().toEqualTypeOf<Apart>();
    type Found = Omit<Responses.ResponseToolSearchOutputItemParam, "tools">;
    expectTypeOf<DriftOf<Omit<Member<Item, "tool_search_output">, "tools">, Found>>().toBeNever();
    type Added = Omit<Responses.ResponseInputItem.AdditionalTools, "tools">;
    expectTypeOf<DriftOf<Omit<Member<Item, "additional_tools">, "tools">, Added>>().toBeNever();
  });

  it("for messages", () => {
    type Published = Member<Responses.ResponseInputItem, "message">;
    expectTypeOf<KeysOf<Message>>().toEqualTypeOf<KeysOf<Published>>();
    expectTypeOf<Message["role"]>().toEqualTypeOf<Published["role"]>();
    expectTypeOf<DriftByType<z.input<typeof InputPart>, Responses.ResponseInputContent>>()
      .toBeNever();
    type Output = Responses.ResponseOutputMessage["content"][number];
    expectTypeOf<DriftByType<z.input<typeof OutputPart>, Output>>().toBeNever();
    type Assistant = Extract<Message, { role: "assistant" }>;
    expectTypeOf<
      DriftOf<Omit<Assistant, "content">, Omit<Responses.ResponseOutputMessage, "content">>
    >()
      .toBeNever();
  });

  it("for conversations, vector stores and their files", () => {
    expectTypeOf<keyof z.input<typeof CreateConversation>>()
      .toEqualTypeOf<keyof Conversations.ConversationCreateParams>();
    expectTypeOf<keyof z.input<typeof UpdateConversation>>()
      .toEqualTypeOf<keyof Conversations.ConversationUpdateParams>();
    expectTypeOf<keyof z.input<typeof CreateItems>>()
      .toEqualTypeOf<Exclude<keyof Items.ItemCreateParams, "include">>();
    expectTypeOf<DriftOf<z.input<typeof CreateVectorStore>, VectorStoreCreateParams>>().toBeNever();
    expectTypeOf<DriftOf<z.input<typeof UpdateVectorStore>, VectorStoreUpdateParams>>().toBeNever();
    expectTypeOf<DriftOf<z.input<typeof AttachFile>, FileCreateParams>>().toBeNever();
    expectTypeOf<
      DriftOf<z.input<typeof UpdateStoreFile>, Omit<FileUpdateParams, "vector_store_id">>
    >().toBeNever();
    expectTypeOf<KeysOf<z.input<typeof CreateFileBatch>>>()
      .toEqualTypeOf<keyof FileBatchCreateParams>();
    expectTypeOf<DriftOf<z.input<typeof SearchVectorStore>, VectorStoreSearchParams>>()
      .toEqualTypeOf<"filters">();
    expectTypeOf<keyof UploadParams>().toEqualTypeOf<"file" | "purpose" | "expires_after">();
  });
});
