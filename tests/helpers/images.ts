import * as z from "zod";
import type { ParleyMessage } from "../../types/api.ts";
import { indexed, remoteObjects, upload } from "./files.ts";
import { must, type TestUser } from "./stack.ts";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

/** The part of a message that shows an image, as client apps send it. */
export type ImagePart = Extract<ParleyMessage["parts"][number], { type: "file" }>;

/** Uploads an image into a session, waits until it is ready, and returns the part for a message. */
export async function uploadImage(user: TestUser, sessionId: string): Promise<ImagePart> {
  const { id } = await upload(user, sessionId, PNG, "photo.png");
  await indexed(user, id);
  return {
    type: "file",
    mediaType: "image/png",
    filename: "photo.png",
    url: `parley:file/${id}`,
  };
}

/** A message as the model or the user sees it. */
export interface SeenMessage {
  role: string;
  text: string;
  images: number;
}

const Items = z.array(z.looseObject({
  type: z.string(),
  role: z.string().optional(),
  content: z.array(z.looseObject({
    type: z.string(),
    text: z.string().optional(),
    file_id: z.string().nullish(),
  })).optional(),
}));

/** Returns the messages of a session's conversation at OpenAI, with the ids of their images. */
export async function readConversation(
  user: TestUser,
  sessionId: string,
): Promise<{ messages: SeenMessage[]; imageIds: string[] }> {
  const query = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single();
  const { thread_id } = must(await query);
  const { conversations } = await remoteObjects();
  const items = Items.parse(conversations.find(({ id }) => id === thread_id)?.items)
    .filter(({ type }) => type === "message");
  const imagesOf = ({ content = [] }: (typeof items)[number]) =>
    content.flatMap(({ type, file_id }) => type === "input_image" && file_id ? [file_id] : []);
  return {
    messages: items.map((item) => ({
      role: item.role ?? "",
      text: (item.content ?? []).map(({ text = "" }) => text).join(""),
      images: imagesOf(item).length,
    })),
    imageIds: items.flatMap(imagesOf),
  };
}

/** Returns the messages of a chat as its user sees them, without empty ones. The model also reads names of files. */
export function seenByUser(messages: readonly ParleyMessage[]): SeenMessage[] {
  return messages.map(({ role, parts }) => ({
    role,
    text: [
      parts.map((part) => part.type === "text" ? part.text : "").join(""),
      ...parts.flatMap((part) => part.type === "file" ? [`Attached: ${part.filename}`] : []),
    ].join("\n\n"),
    images: parts.filter(({ type }) => type === "file").length,
  })).filter(({ text, images }) => text !== "" || images > 0);
}
