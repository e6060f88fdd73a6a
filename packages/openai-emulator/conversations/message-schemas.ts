import type { Responses } from "openai/resources/responses/responses";
import { z } from "zod";

type Annotation = Responses.ResponseOutputText["annotations"][number];

const InputText = z.object({ type: z.literal("input_text"), text: z.string() });

const InputImage = z.object({
  type: z.literal("input_image"),
  detail: z.enum(["low", "high", "auto", "original"]).default("auto"),
  file_id: z.string().nullish(),
  image_url: z.string().nullish(),
});

const InputFile = z.object({
  type: z.literal("input_file"),
  file_id: z.string().nullish(),
  file_data: z.string().optional(),
  file_url: z.string().optional(),
  filename: z.string().optional(),
});

const OutputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.custom<Annotation>((value) => typeof value === "object")).default([]),
});

const Refusal = z.object({ type: z.literal("refusal"), refusal: z.string() });

const UserMessage = z.object({
  type: z.literal("message").optional(),
  role: z.enum(["user", "system", "developer"]),
  content: z.union([
    z.string(),
    z.array(z.discriminatedUnion("type", [InputText, InputImage, InputFile])),
  ]),
});

const AssistantMessage = z.object({
  type: z.literal("message").optional(),
  role: z.literal("assistant"),
  content: z.union([
    z.string(),
    z.array(z.discriminatedUnion("type", [OutputText, Refusal])),
  ]),
});

/**
 * A message in a request. As at OpenAI, the role decides the parts: an assistant's message holds
 * `output_text` or `refusal`, all others hold `input_*`. Other kinds of items are refused.
 */
export const MessageInput = z.discriminatedUnion("role", [UserMessage, AssistantMessage]);
export type MessageInput = z.infer<typeof MessageInput>;
