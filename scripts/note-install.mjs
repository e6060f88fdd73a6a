// npm runs this after a complete install. It notes which package-lock.json was installed, for scripts/bootstrap.mjs.
import { copyFileSync } from "node:fs";

copyFileSync("package-lock.json", "node_modules/.parley-installed-lock.json");
