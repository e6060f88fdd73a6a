// The requests and replies of the edge functions, shared by the functions and their clients.
export * from "./api/account.ts";
export * from "./api/billing.ts";
export * from "./api/bridge.ts";
export * from "./api/chat.ts";
export { MAX_CONTENT_LENGTH, MAX_PARTS } from "./api/fields.ts";
export * from "./api/files.ts";
export * from "./api/lookouts.ts";
export * from "./api/messages.ts";
export * from "./api/rpcs.ts";
export * from "./api/service.ts";
