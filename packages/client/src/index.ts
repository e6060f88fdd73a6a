// The client of Parley: chats, files, billing and live events over supabase-js.
export type { Database } from "../../../types/client-database.ts";
export type { Account, AccountExportPart, BridgeReply, BridgeSession } from "./account.ts";
export type {
  Billing,
  Checkout,
  Payer,
  Portal,
  Product,
  RedirectReply,
  SubscriptionReply,
} from "./billing.ts";
export type { Chat, SendMessage } from "./chat.ts";
export type * from "./database.ts";
export {
  type ClientErrorCode,
  type ErrorFacts,
  isError,
  ParleyError,
  readError,
  readResponse,
} from "./errors.ts";
export type { Files, Upload, UploadOptions } from "./files.ts";
export type {
  ChatEvent,
  FileEvent,
  Live,
  MessageEvent,
  TitleEvent,
  Unsubscribe,
  UsageEvent,
} from "./live.ts";
export type { LookoutChange, LookoutRequest, Lookouts } from "./lookouts.ts";
export {
  type History,
  type HistoryOptions,
  type MessageMetadata,
  type Messages,
  toUIMessage,
} from "./messages.ts";
export type { CallOptions } from "./options.ts";
export type {
  Invitation,
  Member,
  MemberRole,
  MemberUsage,
  NewInvitation,
  Organizations,
  RenewedInvitation,
} from "./organizations.ts";
export { createParley, type Errors, type HealthReply, type Parley } from "./parley.ts";
export type { ListSessions, NewSession, Sessions } from "./sessions.ts";
export type * from "./ui-message.ts";
