import { loadEnvFile } from "../../local/stack/settings.ts";

/** Runs the main function of a script. Reports an error as one message on stderr and exit code 1. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    loadEnvFile();
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
