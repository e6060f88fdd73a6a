import { AccountEnvironment } from "../../functions/account/environment.ts";
import { Environment as FunctionsEnvironment } from "../../functions/_shared/http/environment.ts";
import { BillingEnvironment } from "../../functions/_shared/stripe/environment.ts";
import { Environment as StackEnvironment } from "../../local/stack/settings.ts";
import type * as z from "zod";

/** The purpose of a variable. */
interface SettingText {
  what: string;
  /** A value for `.env.example` where the default is empty. */
  example?: string;
  /** Only tests set the variable, so `.env.example` omits it. */
  isForTests?: true;
}

type StackName = keyof typeof StackEnvironment.shape;
type FunctionName =
  | keyof typeof FunctionsEnvironment.shape
  | keyof typeof BillingEnvironment.shape
  | keyof typeof AccountEnvironment.in.shape;

const texts: Record<StackName | FunctionName, SettingText> = {
  PARLEY_API_PORT: { what: "Port of the local API: REST, Auth, Storage, Realtime and functions." },
  PARLEY_DB_PORT: { what: "Port of the local Postgres." },
  PARLEY_MAIL_PORT: { what: "Port of the local SMTP server that catches mails." },
  PARLEY_SCHEDULER: {
    what:
      "Whether the local stack runs schedules, and the OpenAI emulator sends events, by themselves.",
  },
  PARLEY_WATCH: { what: "Whether the local stack reloads functions when their code changes." },
  PARLEY_STATE_DIR: { what: "Folder of the local stack's data, below the project." },
  PARLEY_BODY_TIME_PART: {
    isForTests: true,
    what: "Part of the time limits of request bodies that applies; below 1 in tests only.",
  },
  PARLEY_HOSTED_LIMITS: {
    what:
      "With 1, functions of the local stack have the limits of Supabase. Needs Linux; see local-stack.md.",
  },
  PARLEY_ANONYMOUS_SIGN_INS: {
    what: "Whether the local stack signs users in without an address; see accounts.md.",
  },
  PARLEY_STREAM_SECONDS: {
    what: "Seconds after which a stream asks its client to reload. The reply itself continues.",
  },
  PARLEY_ALLOWED_ORIGINS: {
    what:
      "Origins whose pages may read replies, separated by commas. Checkout returns only to these.",
    example: "http://localhost:3000",
  },
  VECTOR_STORE_DAYS: {
    what: "Days after which an unused vector store at OpenAI expires: 1 to 365.",
  },
  OPENAI_API_KEY: { what: "Key of OpenAI. The local stack uses its emulator without one." },
  OPENAI_BASE_URL: { what: "Base URL of OpenAI's API, when it is not OpenAI's own." },
  OPENAI_WEBHOOK_SECRET: {
    what: "Secret that signs OpenAI's events about responses. Optional; see deploy.md.",
  },
  STRIPE_SECRET_KEY: { what: "Key of Stripe. The local stack uses its emulator without one." },
  STRIPE_WEBHOOK_SECRET: { what: "Secret that signs Stripe's events. It goes with the key." },
  STRIPE_API_URL: { what: "URL of Stripe's API." },
  STRIPE_REQUESTS_PER_SECOND: {
    what: "Most requests to Stripe that a process starts in a second: 80 with a live key, else 20.",
    example: "20",
  },
  PAST_DUE_GRACE_DAYS: { what: "Days for which a plan stays while its payment is past due." },
  ACTIVITY_RETENTION_DAYS: { what: "Days after which activity is deleted, or `never`." },
  AUDIT_RETENTION_DAYS: { what: "Days after which rows of the audit log are deleted, or `never`." },
  SUPABASE_URL: { what: "URL of the project. Supabase sets it for functions." },
  SUPABASE_PUBLISHABLE_KEYS: { what: "Publishable keys as JSON. Supabase sets it for functions." },
};

/** The variables that select a project for `npm run` scripts. Without them, scripts use the running local stack. */
export const scriptSettings = {
  DATABASE_URL: "Database that `deploy` and the `db:*` scripts work on, as role `postgres`.",
  SUPABASE_DB_URL: "The same for `db:setup-admin`; it goes before `DATABASE_URL`.",
  SUPABASE_URL: "Project that `demo` and `db:sync-stripe` work on.",
  SUPABASE_PUBLISHABLE_KEY:
    "Publishable key for `demo`, and for `deploy` if the access token may not read it.",
  SUPABASE_SECRET_KEY: "Secret key for `db:sync-stripe`.",
  DEMO_EMAIL: "Address of the user that `demo` signs in as, in a project that confirms addresses.",
  DEMO_PASSWORD: "Password of that user.",
  SUPABASE_PROJECT_REF: "Reference of the project for `deploy`: the 20 letters in its address.",
  SUPABASE_ACCESS_TOKEN: "Token of your Supabase account for `deploy`.",
  PARLEY_SECRET_KEY:
    "Secret key of the project for `deploy`. Schedules call the functions with it.",
  PARLEY_FUNCTIONS_URL:
    "Address of the functions for `deploy`, when it is not `https://<ref>.supabase.co/functions/v1`.",
} satisfies Record<string, string>;

/** A variable of the environment. */
export interface Setting extends SettingText {
  name: string;
  /** Null without a default. */
  default: string | null;
  readBy: string[];
}

/** The variables that Supabase itself sets for functions. */
const PLATFORM = new Set(["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEYS"]);

/** The variables that the local stack and the functions read, with the defaults in the code. */
export const settings: Setting[] = Object.entries(texts).map(([name, text]) => {
  const stack = fieldOf(StackEnvironment.shape, name);
  const functions = [
    FunctionsEnvironment.shape,
    BillingEnvironment.shape,
    AccountEnvironment.in.shape,
  ]
    .flatMap((shape) => fieldOf(shape, name) ?? []);
  return {
    name,
    ...text,
    default: [stack, ...functions].map(readDefault).find((value) => value !== null) ?? null,
    readBy: [...(stack ? ["local stack"] : []), ...(functions.length > 0 ? ["functions"] : [])],
  };
});

/** The variables that a person may set in `.env`. */
export const envFileSettings: Setting[] = settings.filter(({ name, isForTests }) =>
  !PLATFORM.has(name) && !isForTests
);

function fieldOf(shape: Record<string, z.ZodType>, name: string): z.ZodType | undefined {
  return shape[name];
}

function readDefault(field: z.ZodType | undefined): string | null {
  const parsed = field?.safeParse(undefined);
  return parsed?.success && parsed.data !== undefined && parsed.data !== ""
    ? String(parsed.data)
    : null;
}
