import { settings as allSettings } from "../reference/setting-list.ts";

/** The settings of a deployment. */
export interface DeploySettings {
  /** The reference of the project, which is part of its addresses. */
  project: string;
  /** The URL of the database, as role `postgres`. */
  databaseUrl: string;
  /** Without a slash at the end. */
  functionsUrl: string;
  /** The secret key of the project. */
  secretKey: string;
  /** The publishable key of the project; null reads it from the Management API. */
  publishableKey: string | null;
  /** The variables of the functions. */
  variables: Record<string, string>;
  /** Values that no output may contain. */
  secrets: string[];
}

/** The result of reading the settings: a sentence for each problem, and the settings if there is none. */
export type ReadSettings = { problems: string[]; settings: DeploySettings | null };

type Environment = Record<string, string | undefined>;

/** A setting that a deployment needs. The sentence says where to get it. */
interface Required {
  name: string;
  accepts(value: string): boolean;
  where: string;
}

const REQUIRED: Required[] = [
  {
    name: "SUPABASE_PROJECT_REF",
    accepts: (value) => /^[a-z]{20}$/.test(value),
    where:
      "the 20 letters in the address of your project, https://supabase.com/dashboard/project/<ref>.",
  },
  {
    name: "SUPABASE_ACCESS_TOKEN",
    accepts: (value) => value.startsWith("sbp_"),
    where: "a token sbp_… from https://supabase.com/dashboard/account/tokens.",
  },
  {
    name: "DATABASE_URL",
    accepts: isDatabaseUrl,
    where:
      "the address postgresql://… with the password, from Dashboard → Connect → Session pooler (port 5432).",
  },
  {
    name: "PARLEY_SECRET_KEY",
    accepts: (value) => value.startsWith("sb_secret_"),
    where: "a secret key sb_secret_… from Dashboard → Settings → API keys.",
  },
  {
    name: "OPENAI_API_KEY",
    accepts: (value) => value !== "",
    where: "a project key from https://platform.openai.com/api-keys.",
  },
];

/** The port of Supabase's transaction pooler, which cannot hold the session that migrations need. */
const TRANSACTION_POOLER = "6543";

/** Reads the settings of a deployment. The problems name variables, and no values. */
export function readDeploySettings(env: Environment): ReadSettings {
  const get = (name: string) => env[name]?.trim() ?? "";
  const functionsUrl = get("PARLEY_FUNCTIONS_URL").replace(/\/+$/, "") ||
    `https://${get("SUPABASE_PROJECT_REF")}.supabase.co/functions/v1`;
  const problems = [
    ...REQUIRED.filter(({ name, accepts }) => !accepts(get(name)))
      .map(({ name, where }) => `${name} is ${get(name) ? "wrong" : "missing"}. It is ${where}`),
    ...describePair(get),
    ...describeAddresses(get, functionsUrl),
  ];
  if (problems.length > 0) return { problems, settings: null };
  const variables = functionVariables(get);
  return {
    problems,
    settings: {
      project: get("SUPABASE_PROJECT_REF"),
      databaseUrl: get("DATABASE_URL"),
      functionsUrl,
      secretKey: get("PARLEY_SECRET_KEY"),
      publishableKey: get("SUPABASE_PUBLISHABLE_KEY") || null,
      variables,
      secrets: findSecrets(get, variables),
    },
  };
}

type Get = (name: string) => string;

function describePair(get: Get): string[] {
  const [one, other] = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"];
  if (Boolean(get(one)) === Boolean(get(other))) return [];
  const missing = get(one) ? other : one;
  const where = missing === one
    ? "a restricted key from https://dashboard.stripe.com/apikeys"
    : "the secret whsec_… of your endpoint at https://dashboard.stripe.com/webhooks";
  return [`${missing} is missing. It is ${where}. Set both settings of Stripe, or neither.`];
}

function describeAddresses(get: Get, functionsUrl: string): string[] {
  const problems: string[] = [];
  if (!URL.canParse(functionsUrl) || !functionsUrl.endsWith("/functions/v1")) {
    problems.push(
      "PARLEY_FUNCTIONS_URL is wrong. It is https://<ref>.supabase.co/functions/v1, or the same on your own domain.",
    );
  }
  for (const name of ["OPENAI_BASE_URL", "STRIPE_API_URL"]) {
    const url = get(name);
    if (url && /^(?:localhost|127\.|\[::1\])/.test(URL.parse(url)?.hostname ?? "localhost")) {
      problems.push(
        `${name} names no address that a hosted project can reach. Remove the setting.`,
      );
    }
  }
  return problems;
}

function isDatabaseUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^postgres(?:ql)?:$/.test(url.protocol) && url.password !== "" &&
    url.port !== TRANSACTION_POOLER;
}

/** Returns the variables of functions that are set. Supabase sets those that begin with `SUPABASE_` itself. */
function functionVariables(get: Get): Record<string, string> {
  const names = allSettings
    .filter(({ name, readBy }) => readBy.includes("functions") && !name.startsWith("SUPABASE_"))
    .map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => get(name) ? [[name, get(name)]] : []),
  );
}

function findSecrets(get: Get, variables: Record<string, string>): string[] {
  const { password } = new URL(get("DATABASE_URL"));
  return [
    get("SUPABASE_ACCESS_TOKEN"),
    get("PARLEY_SECRET_KEY"),
    password,
    decodeURIComponent(password),
    ...Object.entries(variables).flatMap(([name, value]) => /KEY|SECRET/.test(name) ? [value] : []),
  ];
}
