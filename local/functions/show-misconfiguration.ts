import * as z from "zod";
import type { Log } from "../stack/log.ts";
import { parseJson } from "../stack/parse-json.ts";

const Line = z.object({
  event: z.literal("provider_misconfigured"),
  provider: z.enum(["OpenAI", "Stripe"]).default("OpenAI"),
  cause: z.string(),
  fix: z.string(),
});

/** Every request fails while a setting is wrong, so its line appears at most once in this time. */
const PAUSE_MS = 60_000;

/** Wraps a log. After a line `provider_misconfigured` of a function, it prints what to do as a plain sentence. */
export function showMisconfiguration(log: Log): Log {
  const shownAt = new Map<string, number>();
  return (part, line) => {
    log(part, line);
    const { provider, cause, fix } = Line.safeParse(parseJson(line)).data ?? {};
    const name = `${provider} ${cause}`;
    if (cause === undefined || Date.now() - (shownAt.get(name) ?? -Infinity) < PAUSE_MS) return;
    shownAt.set(name, Date.now());
    log("stack", `${provider} rejects the settings of this service. ${fix}`);
  };
}
