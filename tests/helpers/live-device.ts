import type { RealtimeChannel } from "@supabase/supabase-js";
import { expect, onTestFinished } from "vitest";
import * as z from "zod";
import { type Client, createTestClient, must, type TestUser } from "./stack.ts";

const LiveEvent = z.object({ event: z.string(), payload: z.record(z.string(), z.unknown()) });

/** A live event, as supabase-js hands it on. */
export type LiveEvent = z.infer<typeof LiveEvent>;

/** A channel that a client has tried to join, with everything that it heard. */
export interface Joined {
  channel: RealtimeChannel;
  events: LiveEvent[];
  /** All states so far, such as SUBSCRIBED, each with the message of its error. */
  states: { state: string; message?: string }[];
  /** Resolves when this state has been reached the given number of times. */
  reached(state: string, times?: number): Promise<void>;
  /** Resolves with the first event of this name, and of this status if one is given. */
  heard(event: string, status?: string): Promise<LiveEvent>;
}

/** Joins a topic with supabase-js. The channel closes when the test ends. */
export async function join(
  client: Client,
  topic: string,
  config: { private?: boolean; broadcast?: { ack?: boolean } } = { private: true },
): Promise<Joined> {
  await client.realtime.setAuth();
  const events: LiveEvent[] = [];
  const states: Joined["states"] = [];
  const channel = client.channel(topic, { config })
    .on("broadcast", { event: "*" }, (event) => void events.push(LiveEvent.parse(event)))
    .subscribe((state, error) => void states.push({ state, message: error?.message }));
  onTestFinished(async () => void await client.removeAllChannels());
  return {
    channel,
    events,
    states,
    async reached(state, times = 1) {
      const isReached = () => states.filter((each) => each.state === state).length >= times;
      await expect.poll(() => isReached() || states, { timeout: 30_000 }).toBe(true);
    },
    async heard(event, status) {
      const find = () =>
        events.find((each) =>
          each.event === event && (status === undefined || each.payload.status === status)
        );
      await expect.poll(find, { timeout: 20_000 }).toBeDefined();
      return LiveEvent.parse(find());
    },
  };
}

/** Signs a user in on another device and joins the user's own channel. */
export async function openDevice(user: TestUser): Promise<Joined> {
  const client = createTestClient();
  must(await client.auth.signInWithPassword({ email: user.email, password: user.password }));
  const joined = await join(client, `user:${user.profileId}`);
  await joined.reached("SUBSCRIBED");
  return joined;
}
