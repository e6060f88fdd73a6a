// React hooks for Parley. Create one `parley` by `createParley`, outside of components, and give it to each hook.
export type { Loaded } from "./use-loaded.ts";
export { type FileList, useFiles } from "./use-files.ts";
export {
  type ChatHistory,
  type ParleyChat,
  type ParleyChatOptions,
  useParleyChat,
} from "./use-parley-chat.ts";
export { type SessionList, type SessionsOptions, useSessions } from "./use-sessions.ts";
export { useUsage } from "./use-usage.ts";
