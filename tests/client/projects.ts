// Projects as the tools of the field make them, with the packed client installed as npm installs it.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa, type Options, type Subprocess } from "execa";
import { REPOSITORY } from "../../local/stack/settings.ts";

/** Nothing newer is installed, so that a release of somebody else's does not break the test. */
const BEFORE = "2026-11-27";

/** Packages of `npm create`, and what a project installs. */
export const VERSIONS = {
  vite: "create-vite@9.3.0",
  next: "create-next-app@16.4.3",
  supabase: "@supabase/supabase-js@2.119.0",
  typescript: "typescript@7.0.2",
  nodeTypes: "@types/node@24.19.2",
};

/** A folder of one project. */
export interface Project {
  folder: string;
  /** Runs a command in it, with the project's own programs first, and returns its output. Rejects if it fails. */
  run(command: string, ...args: string[]): Promise<string>;
  /** Runs a command that may fail. */
  try(command: string, ...args: string[]): Promise<{ all: string }>;
  /** Starts a server in it. */
  start(command: string, ...args: string[]): Subprocess<typeof OPTIONS>;
  /** Copies a file of `tests/client/app`. */
  copy(file: string, to?: string): Promise<void>;
  /** Replaces text of a file. Fails if it does not occur. */
  edit(file: string, replacements: [RegExp, string][]): Promise<void>;
  write(file: string, text: string): Promise<void>;
}

const OPTIONS = {
  preferLocal: true,
  stdin: "ignore",
  all: true,
  // What the test run sets for itself does not concern the project.
  env: {
    NEXT_TELEMETRY_DISABLED: "1",
    CI: "true",
    NODE_OPTIONS: "",
    NODE_ENV: undefined,
  },
} satisfies Options;

const directories: string[] = [];

/** Removes all projects of this file. */
export async function removeProjects(): Promise<void> {
  for (const directory of directories.splice(0)) {
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Builds the client, packs it as for the registry, and returns the path of the tarball. */
export async function packClient(): Promise<string> {
  const directory = await newDirectory();
  const atRoot = { cwd: REPOSITORY, preferLocal: true };
  await execa("npm", ["run", "build", "--workspace", "packages/client"], atRoot);
  const { stdout } = await execa(
    "npm",
    ["pack", "--workspace", "packages/client", "--pack-destination", directory, "--json"],
    atRoot,
  );
  const [file] = stdout.match(/parley-client-[\w.-]+\.tgz/) ?? [];
  if (!file) throw new Error(`npm pack named no tarball: ${stdout}`);
  return path.join(directory, file);
}

/** Makes a project by `npm create`, or an empty one. */
export async function createProject(create?: string, ...args: string[]): Promise<Project> {
  const directory = await newDirectory();
  const folder = path.join(directory, "app");
  if (create) {
    await execa("npm", ["exec", "--yes", "--", create, "app", ...args], {
      cwd: directory,
      stdin: "ignore",
    });
  } else {
    await execa("mkdir", [folder]);
    await writeFile(
      path.join(folder, "package.json"),
      JSON.stringify({ name: "app", private: true, type: "module", allowScripts: { node: true } }),
    );
  }
  const options = { ...OPTIONS, cwd: folder, localDir: folder };
  const edit = async (file: string, replacements: [RegExp, string][]) => {
    let text = await readFile(path.join(folder, file), "utf8");
    for (const [pattern, replacement] of replacements) {
      if (!pattern.test(text)) throw new Error(`${file} does not contain ${pattern}`);
      text = text.replace(pattern, replacement);
    }
    await writeFile(path.join(folder, file), text);
  };
  return {
    folder,
    run: async (command, ...args) => (await execa(command, args, options)).stdout,
    try: (command, ...args) => execa(command, args, { ...options, reject: false }),
    start: (command, ...args) => execa(command, args, { ...options, reject: false }),
    copy: (file, to = file) =>
      cp(path.join(REPOSITORY, "tests/client/app", file), path.join(folder, to)),
    edit,
    write: (file, text) => writeFile(path.join(folder, file), text),
  };
}

/** Installs packages and whatever package.json names. */
export async function install(project: Project, ...packages: string[]): Promise<void> {
  const flags = ["--no-audit", "--no-fund", "--prefer-offline", `--before=${BEFORE}`];
  await project.run("npm", "install", ...flags, ...packages);
}

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-client-"));
  directories.push(directory);
  return directory;
}
