import { expect, test } from "vitest";
import * as z from "zod";
import {
  CheckoutRequest,
  LookoutRequest,
  parseChatRequest,
  RedeemRequest,
  RegisterRequest,
} from "../../../types/api.ts";
import { describeIssue } from "../../../types/describe-issue.ts";

const id = "00000000-0000-4000-8000-000000000000";
const checkout = {
  price_id: "price_1",
  success_url: "https://a.test/",
  cancel_url: "https://a.test/",
};
const lookout = {
  title: "News",
  prompt: "What is new?",
  assistant_slug: "researcher",
  frequency: "daily",
  timezone: "UTC",
};

function firstSentence(parsed: z.ZodSafeParseResult<unknown>): string | undefined {
  return parsed.error?.issues[0]?.message;
}

test.for<[string, z.ZodType, unknown, string]>([
  ["a missing field", RedeemRequest, {}, "The code is missing: send the field code."],
  ["a wrong type", RedeemRequest, { code: 7 }, "The code must be text."],
  ["no object", RedeemRequest, "code", "The request body must be an object."],
  [
    "text over the limit",
    LookoutRequest,
    { ...lookout, title: "x".repeat(201) },
    "The title must have at most 200 characters.",
  ],
  ["blank text", LookoutRequest, { ...lookout, title: " " }, "The title must not be empty."],
  [
    "an unknown value",
    LookoutRequest,
    { ...lookout, frequency: "hourly" },
    "The frequency must be one of once, daily, weekly, monthly, yearly, cron.",
  ],
  [
    "a wrong format",
    LookoutRequest,
    { ...lookout, time: "9 o'clock" },
    "The time of day must look like 09:00.",
  ],
  [
    "an invalid address",
    CheckoutRequest,
    { ...checkout, cancel_url: "shop" },
    "The address for a cancelled payment must look like https://example.com/shop.",
  ],
  [
    "a sentence of the schema",
    CheckoutRequest,
    { ...checkout, price_id: "$" },
    "The price is not an id of Stripe. Send the id of a price that is for sale.",
  ],
  [
    "a refinement without a sentence",
    RegisterRequest,
    { session_id: id, storage_path: "a\0b" },
    "The path of the object is not valid.",
  ],
  [
    "an unknown field",
    z.object({ favourite_colour: z.string() }),
    {},
    "The field favourite colour is missing: send the field favourite_colour.",
  ],
])("%s", ([, shape, body, sentence]) => {
  expect(firstSentence(shape.safeParse(body, { error: describeIssue }))).toBe(sentence);
});

const message = (parts: unknown[], rest = {}) => ({
  id,
  message: { id: "m1", role: "user", parts, ...rest },
});

test.for<[string, unknown, string]>([
  [
    "an id that is not a UUID",
    { session_id: "x", content: "Hi" },
    `The id of the chat must look like ${id}.`,
  ],
  [
    "an empty message",
    { session_id: id, content: " " },
    "The message is empty. Write a text or add a file.",
  ],
  ["no message", { id }, "The message is missing: send the field message."],
  ["no parts", message([]), "The content of the message must not be empty."],
  [
    "a text that is not a string",
    message([{ type: "text", text: "Hi" }, { type: "text", text: 7 }]),
    "The text of the message (item 2) must be text.",
  ],
  [
    "another role",
    message([{ type: "text", text: "Hi" }], { role: "system" }),
    "The last message must be one of the user: send role user.",
  ],
])("a chat request with %s", ([, body, sentence]) => {
  expect(firstSentence(parseChatRequest(body))).toBe(sentence);
});

test("a program gets zod's code and the path of the field", () => {
  const { error } = parseChatRequest(message([{ type: "text", text: 7 }]));

  expect(error?.issues).toMatchObject([
    { code: "invalid_type", path: ["message", "parts", 0, "text"] },
  ]);
});
