// Paths and links in the documentation. A page must not name a file that has moved.
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";

const PAGES = globSync(["*.md", "docs/**/*.md", "tests/README.md"], { cwd: REPOSITORY }).sort();
const FOLDERS = "bench|docs|examples|functions|local|packages|scripts|sql|supabase|tests|types";
/** A path in backticks that begins with a folder of the repository. */
const BACK_TICKED = new RegExp(`\`((?:${FOLDERS}|\\.ci|\\.github)/[^\`\\s]*)\``, "g");
/** A pattern, or a name that the reader fills in. */
const PLACEHOLDER = /[*<…{]/;
/** A team's own folders, and the list of released migrations, which 1.0.0 makes. */
const MADE_LATER = /^(?:tests\/own\/|supabase\/functions\/|supabase\/migrations\/frozen\.sha256$)/;
const LINK = /\]\(([^)\s]+)\)/g;

test.for(PAGES)("every path that %s names exists", (page) => {
  const missing = matches(page, BACK_TICKED)
    .filter((found) => !PLACEHOLDER.test(found) && !MADE_LATER.test(found))
    .filter((found) => !existsSync(path.join(REPOSITORY, found)));
  expect(missing).toEqual([]);
});

test.for(PAGES)("every link of %s leads to a file and a heading", (page) => {
  const broken = matches(page, LINK)
    .filter((link) => !/^(?:https?|mailto):/.test(link))
    .filter((link) => !leadsSomewhere(page, link));
  expect(broken).toEqual([]);
});

function matches(page: string, pattern: RegExp): string[] {
  return Array.from(read(page).matchAll(pattern), ([, found = ""]) => found);
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === "" ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(REPOSITORY, target))) return false;
  return heading === undefined || headings(target).includes(heading);
}

/** The anchors that GitHub gives to the headings of a page. */
function headings(page: string): string[] {
  return Array.from(
    read(page).matchAll(/^#+ (.+)$/gm),
    ([, title = ""]) => title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-"),
  );
}

function read(page: string): string {
  return readFileSync(path.join(REPOSITORY, page), "utf8");
}
