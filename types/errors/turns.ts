import type { ErrorEntry } from "./entry.ts";

/** Errors of chats, turns and the limits of a plan. */
export const turnErrors = {
  session_not_found: {
    status: 404,
    meaning: "This chat does not exist or belongs to another user.",
    action: "Open another chat or start a new one.",
  },
  message_not_found: {
    status: 404,
    meaning: "This message does not exist in this chat.",
    action: "Reload the chat and choose one of your own messages.",
  },
  message_id_conflict: {
    status: 409,
    meaning: "This message cannot be sent, edited or regenerated in this way.",
    action: "Reload the chat and try again.",
  },
  nothing_to_regenerate: {
    status: 409,
    meaning: "This chat has no message to reply to.",
    action: "Send a message first.",
  },
  turn_in_progress: {
    status: 409,
    meaning: "A reply is still being written in this chat.",
    action: "Wait for its end, stop it, or set when_busy to interrupt.",
  },
  too_many_readers: {
    status: 429,
    meaning: "This reply is already being read too often.",
    action: "Wait a minute, or close other tabs with this chat.",
  },
  invalid_turn_status: {
    status: 400,
    meaning: "A turn cannot settle with this status.",
    action: "Use complete, waiting or stopped.",
  },
  invalid_visibility: {
    status: 400,
    meaning: "A chat cannot have this visibility.",
    action: "Choose private or public.",
  },
  assistant_unavailable: {
    status: 409,
    meaning: "This assistant is no longer available.",
    action: "Choose another assistant.",
  },
  assistant_setting_unsupported: {
    status: 400,
    meaning: "The model of the assistant does not take one of its settings.",
    action: "Change the setting that details.setting names, or choose another model.",
  },
  plan_required: {
    status: 402,
    meaning: "Your plan does not include this assistant.",
    action: "Upgrade the plan or choose another assistant.",
  },
  session_limit_reached: {
    status: 402,
    meaning: "You have as many chats as your plan allows.",
    action: "Delete chats or upgrade the plan.",
  },
  quota_exceeded: {
    status: 402,
    meaning: "All messages of this period are used.",
    action: "Upgrade the plan, buy credits, or wait for the next period.",
  },
  daily_limit_reached: {
    status: 429,
    meaning: "All messages of today are used.",
    action: "Wait until tomorrow or upgrade the plan.",
  },
  search_quota_exceeded: {
    status: 402,
    meaning: "All web searches of this month are used.",
    action: "Send the message without search, or upgrade the plan.",
  },
  budget_exceeded: {
    status: 402,
    meaning: "The budget of this month is used up, or what is left is too small for this message.",
    action: "Wait until the time in details.reset_at, or upgrade the plan.",
  },
  provider_error: {
    status: 503,
    meaning: "The AI provider could not complete the request.",
    action: "Try again in a moment.",
  },
  provider_busy: {
    status: 503,
    meaning: "The AI provider is busy.",
    action: "Try again in a moment.",
  },
  provider_misconfigured: {
    status: 503,
    meaning: "The AI provider rejected the settings of this service.",
    action: "Ask the operator to check OPENAI_API_KEY, its billing and the assistant's model.",
  },
  provider_timeout: {
    status: 503,
    meaning: "The AI provider took too long to reply.",
    action: "Try again in a moment.",
  },
  content_filtered: {
    status: 400,
    meaning: "The content filter blocked the message or the reply.",
    action: "Rephrase the message.",
  },
  context_too_long: {
    status: 400,
    meaning: "This chat or message is longer than the assistant can read.",
    action: "Start a new chat, or shorten the message.",
  },
  image_refused: {
    status: 400,
    meaning: "The AI provider cannot use an image of this chat.",
    action: "Use another image: PNG, JPEG, WebP or GIF without animation, up to 50 MB in all.",
  },
  reply_not_found: {
    status: 404,
    meaning: "This reply does not exist.",
    action: "Reload the chat.",
  },
  tool_output_missing: {
    status: 409,
    meaning: "A tool call of this reply still waits for its output or approval.",
    action: "Send all of them together.",
  },
  still_generating: {
    status: null,
    meaning: "The reply is still being written.",
    action: "Reload the page to continue reading.",
  },
} as const satisfies Record<string, ErrorEntry>;
