import { existsSync } from "node:fs";
import path from "node:path";
import * as z from "zod";

/** The root of the checkout that this stack serves. */
export const REPOSITORY = path.resolve(import.meta.dirname, "../..");

/** 0 means any. */
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const optional = z.string().trim().transform((value) => value || undefined).optional();

const daysOrNever = (fallback: number) =>
  z.union([z.literal("never").transform(() => null), z.coerce.number().int().min(1)])
    .default(fallback);

/** The variables that the local stack reads. */
export const Environment = z.object({
  PARLEY_API_PORT: port(54321),
  PARLEY_DB_PORT: port(54322),
  PARLEY_MAIL_PORT: port(54324),
  PARLEY_SCHEDULER: z.enum(["on", "off"]).default("on"),
  PARLEY_WATCH: z.enum(["on", "off"]).default("on"),
  PARLEY_STATE_DIR: z.string().default(".parley"),
  PARLEY_STREAM_SECONDS: z.coerce.number().int().positive().default(140),
  PARLEY_ALLOWED_ORIGINS: z.string().default(""),
  PARLEY_BODY_TIME_PART: z.coerce.number().positive().max(1).default(1),
  PARLEY_HOSTED_LIMITS: z.enum(["0", "1"]).default("0"),
  PARLEY_ANONYMOUS_SIGN_INS: z.enum(["on", "off"]).default("off"),
  OPENAI_API_KEY: optional,
  OPENAI_BASE_URL: optional,
  OPENAI_WEBHOOK_SECRET: optional,
  STRIPE_SECRET_KEY: optional,
  STRIPE_WEBHOOK_SECRET: optional,
  STRIPE_API_URL: optional,
  STRIPE_REQUESTS_PER_SECOND: z.coerce.number().int().positive().optional(),
  PAST_DUE_GRACE_DAYS: z.coerce.number().int().min(0).default(7),
  ACTIVITY_RETENTION_DAYS: daysOrNever(365),
  AUDIT_RETENTION_DAYS: daysOrNever(730),
});

/** The settings of the local stack, from the environment. `docs/reference/settings.md` lists the variables. */
export interface Settings {
  /** For all ports, 0 means any port. A restart uses the same port again if it is free. */
  apiPort: number;
  dbPort: number;
  /** The port of the SMTP server that catches mails. */
  mailPort: number;
  stateDir: string;
  /** Whether schedules run when they are due. */
  scheduler: boolean;
  /** Whether the stack restarts edited functions and retries an edited migration that has failed. */
  watch: boolean;
  streamSeconds: number;
  allowedOrigins: string;
  /** The share of the usual time limits that clients have for sending a body, up to 1. Tests shorten it. */
  bodyTimePart: number;
  /** Whether functions have the limits of Supabase. */
  hostedLimits: boolean;
  /** Whether users may sign in without an address. */
  anonymousSignIns: boolean;
  /** Null runs the emulator. */
  openai: { apiKey: string; baseUrl: string; webhookSecret?: string } | null;
  /** Null runs the emulator. */
  stripe: { secretKey: string; webhookSecret: string; apiUrl: string } | null;
  /** The most requests to Stripe in a second. By default, the functions decide by the key. */
  stripeRequestsPerSecond?: number;
  policies: Policies;
}

/** The policies that the database enforces, in days. */
export interface Policies {
  /** How long a plan stays valid while its payment is past due. */
  pastDueGraceDays: number;
  /** The age at which activity is deleted; null keeps it. */
  activityRetentionDays: number | null;
  /** The age at which rows of the audit log are deleted; null keeps them. */
  auditRetentionDays: number | null;
}

/** Loads `.env` beside package.json, if there is one. Variables that are already set keep their values. */
export function loadEnvFile(): void {
  const file = path.join(REPOSITORY, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
}

/** Parses the environment. Throws an Error that names every wrong or missing variable. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) throw new Error(`Wrong settings:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  return {
    apiPort: values.PARLEY_API_PORT,
    dbPort: values.PARLEY_DB_PORT,
    mailPort: values.PARLEY_MAIL_PORT,
    stateDir: path.resolve(REPOSITORY, values.PARLEY_STATE_DIR),
    scheduler: values.PARLEY_SCHEDULER === "on",
    watch: values.PARLEY_WATCH === "on",
    streamSeconds: values.PARLEY_STREAM_SECONDS,
    allowedOrigins: values.PARLEY_ALLOWED_ORIGINS,
    bodyTimePart: values.PARLEY_BODY_TIME_PART,
    hostedLimits: values.PARLEY_HOSTED_LIMITS === "1",
    anonymousSignIns: values.PARLEY_ANONYMOUS_SIGN_INS === "on",
    openai: readProvider(values),
    stripe: readStripe(values),
    stripeRequestsPerSecond: values.STRIPE_REQUESTS_PER_SECOND,
    policies: {
      pastDueGraceDays: values.PAST_DUE_GRACE_DAYS,
      activityRetentionDays: values.ACTIVITY_RETENTION_DAYS,
      auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    },
  };
}

function readProvider(values: z.infer<typeof Environment>): Settings["openai"] {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl } = values;
  if (!apiKey && !baseUrl) return null;
  if (!apiKey) throw new Error("OPENAI_BASE_URL is set, so OPENAI_API_KEY must be set too.");
  return {
    apiKey,
    baseUrl: baseUrl ?? "https://api.openai.com/v1",
    webhookSecret: values.OPENAI_WEBHOOK_SECRET,
  };
}

function readStripe(values: z.infer<typeof Environment>): Settings["stripe"] {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = values;
  if (!secretKey && !webhookSecret && !values.STRIPE_API_URL) return null;
  if (!secretKey || !webhookSecret) {
    throw new Error("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must be set together.");
  }
  return { secretKey, webhookSecret, apiUrl: values.STRIPE_API_URL ?? "https://api.stripe.com" };
}
