import { writeCode, writePage, writeTable } from "./markdown.ts";
import { scriptSettings, settings } from "./setting-list.ts";

/** Writes `settings.md`: the variables of the environment. */
export function writeSettingsPage(): string {
  const source = "`scripts/reference/setting-list.ts` and the schemas of the environment";
  return writePage("Settings", source, [
    "The local stack reads `.env` beside `package.json`; what the environment already has goes first. In a project " +
    "of Supabase, set the variables of functions with `supabase secrets set`.",
    writeTable(
      ["variable", "default", "what", "read by"],
      settings.map(({ name, default: value, what, readBy }) => [
        writeCode(name),
        writeCode(value),
        what,
        readBy.join(", "),
      ]),
    ),
    "## Variables of scripts",
    "Scripts work on the running local stack unless these name a project.",
    writeTable(
      ["variable", "what"],
      Object.entries(scriptSettings).map(([name, what]) => [writeCode(name), what]),
    ),
  ]);
}
