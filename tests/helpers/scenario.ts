import { LoadUser } from "./load-user.ts";
import type { ReadReply } from "./read-reply.ts";

/** Runs some work under a name, and may measure its duration. */
export type Timer = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

/** A user in one of their sessions. */
export interface Actor {
  user: LoadUser;
  sessionId: string;
  time: Timer;
  /** Whether OpenAI may have lost what it held, so that a reply may lack it. */
  mayBeLost?: boolean;
}

/** Slow enough that a reply is still running when somebody stops it, leaves, or kills a part. */
export const PACE = { ttft_ms: 40, tokens_per_second: 60 } as const;

/** What people do in a chat. Each action resolves when its reply has ended, and throws if the reply is unexpected. */
export const actions = {
  async signIn({ user, time }: Actor) {
    await time("sign in", () => user.signIn());
  },

  async look({ user, sessionId, time }: Actor) {
    await time("list sessions", () => user.listSessions());
    await time("list messages", () => user.listMessages(sessionId));
  },

  async send(actor: Actor) {
    await ask(actor, "What should I do first?");
  },

  async askAboutFile({ user, sessionId, time, mayBeLost }: Actor) {
    // Each file differs, because the same bytes would be the same file.
    const horse = `Comet-${crypto.randomUUID().slice(0, 8)}`;
    const text = `The horse of the mayor is called ${horse}. It is seven years old.`;
    const fileId = await time("upload until ready", () => user.upload(sessionId, "horse.md", text));
    const reply = await time(
      "ask about a file",
      () => user.send(sessionId, "What is the horse of the mayor called?", { fileIds: [fileId] }),
    );
    if (reply?.sources === 0 && !mayBeLost) throw new Error("the answer cites nothing");
  },

  async stop({ user, sessionId, time }: Actor) {
    let stopping: Promise<boolean> | undefined;
    const onText = () => {
      stopping ??= time("stop", () => user.stop(sessionId));
      // It is awaited below, once the reply has ended.
      stopping.catch(() => {});
    };
    await time(
      "reply that is stopped",
      () => user.send(sessionId, "Tell me a long story.", { onText }),
    );
    await stopping;
  },

  async regenerate(actor: Actor) {
    const { user, sessionId, time } = actor;
    await ask(actor, "Name a good habit.");
    await time("regenerate", () => user.regenerate(sessionId));
  },

  async leaveAndResume({ user, sessionId, time }: Actor) {
    const content = "Explain it to me once more.";
    await user.send(sessionId, content, { leaves: true });
    await time("resume after a cut", () => user.resume(sessionId));
    const [answer, question] = await user.listMessages(sessionId);
    if (question?.content !== content || answer?.status === "streaming") {
      throw new Error(`the reply is ${answer?.status} after its end`);
    }
  },
} satisfies Record<string, (actor: Actor) => Promise<void>>;

/** The name of an action. */
export type Action = keyof typeof actions;

/** Sends a message. Measures the time to the first text separately from that of the whole reply. */
function ask({ user, sessionId, time }: Actor, content: string): Promise<ReadReply | null> {
  return time("whole reply", async () => {
    let reply: Promise<ReadReply | null> | undefined;
    await time("first text", () =>
      new Promise<void>((resolve, reject) => {
        reply = user.send(sessionId, content, { onText: resolve });
        reply.then(() => resolve(), reject);
      }));
    return await reply ?? null;
  });
}
