/** The failure of a deployment. The message is its code and sentences that say what to do. */
export class DeployFailure extends Error {
  constructor(code: DeployFailureCode, text: string) {
    super(`Deployment failed: ${code}\n${text}`);
    this.name = "DeployFailure";
  }
}

/** What went wrong, in one word for each step. `docs/deploy.md` lists them. */
export type DeployFailureCode =
  | "settings_missing"
  | "bundles_failed"
  | "migrations_refused"
  | "migrations_failed"
  | "vault_failed"
  | "secrets_failed"
  | "functions_failed"
  | "unhealthy"
  | "schedules_failed"
  | "conversation_failed";

/**
 * Runs one step of a deployment. Rejects with a DeployFailure of this code; its text never holds a secret. The stack
 * trace of an error is for programmers, so only its message remains.
 */
export async function runStep<T>(
  code: DeployFailureCode,
  secrets: string[],
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DeployFailure) throw error;
    throw new DeployFailure(
      code,
      `${
        hideSecrets(dropNoise(messageOf(error)), secrets)
      }\nFix this, then run \`npm run deploy\` again.`,
    );
  }
}

/** Returns the message of an error. Node reports a refused connection to `localhost` as an error without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(messageOf).join("\n");
  }
  return error instanceof Error ? error.message.trim() : String(error);
}

/** Drops the lines that the Supabase CLI writes around the reason of a failure. */
function dropNoise(text: string): string {
  const noise = /^\s*(?:[│◇].*|Target: .*|Confirmed by .*|Try rerunning .*)?$/;
  return text.split("\n").filter((line) => !noise.test(line)).join("\n");
}

function hideSecrets(text: string, secrets: string[]): string {
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "…"), text);
}
