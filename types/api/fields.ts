// Fields that several requests share.
import * as z from "zod";
import { toStoredText } from "../stored-text.ts";

/** The longest text of one message, in UTF-16 code units. */
export const MAX_CONTENT_LENGTH = 32_000;
/** The most parts of one message. */
export const MAX_PARTS = 100;

/** A text as Postgres can store it: without NUL, and with lone surrogates replaced. */
export const StoredText = z.string().transform(toStoredText);

/** The id of a session. */
export const SessionId = z.guid();

/** The slug of an assistant. */
export const AssistantSlug = z.string().regex(/^[a-z0-9-]{1,63}$/);

/** The id of a message. Ids that Postgres cannot store are refused: a changed id would name another message. */
export const MessageId = z.string().min(1).max(128).refine(
  (id) => id.isWellFormed() && !id.includes("\0"),
  { error: "The id of the message contains characters that cannot be stored. Send another id." },
);
