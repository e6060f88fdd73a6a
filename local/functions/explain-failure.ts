/** Describes a failed import, and says what to do when a package, a port or the file is the reason. */
export function explainFailure(error: unknown): string {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  const advice = ADVICE.find(([pattern]) => pattern.test(text))?.[1];
  return advice ? `${text}\n${advice}` : text;
}

const ADVICE: [pattern: RegExp, advice: string][] = [
  [
    /in the node_modules directory|not a dependency and not in import map/,
    "The local stack resolves npm packages from node_modules only. Install the package with " +
    "`npm install --save-exact --save-dev <package>` and name the same version in functions/deno.json.",
  ],
  [
    /^[^\n]*\b(jsr:|JSR package|https?:)/,
    "The local stack imports from a registry or a web address only if this machine can reach it. " +
    "Packages in node_modules (`npm:`) always work.",
  ],
  [
    /Requires net access to/,
    "Functions may not listen on all addresses. Call Deno.serve: the local stack then serves the function on " +
    "127.0.0.1.",
  ],
  [
    /Module not found/,
    "The entrypoint is index.ts in the function's folder, or the file that supabase/config.toml names.",
  ],
];
