import assert from "node:assert/strict";
import { test } from "node:test";

import { type Command, type Outcome, type Surroundings, candidates, expanded, explained, judged, trial } from "../src/command";

interface Changes extends Partial<Omit<Surroundings, "settings">> {
  settings?: Partial<Surroundings["settings"]>;
}

function around(changes: Changes = {}): Surroundings {
  return {
    folders: ["/code/project"],
    chosen: undefined,
    home: "/home/me",
    platform: "linux",
    environment: { PATH: "/usr/local/bin:relative:/usr/bin" },
    ...changes,
    settings: { path: "", interpreter: "", arguments: [], ...changes.settings },
  };
}

const server = (program: string): Command => ({ program, args: ["server"] });
const module = (program: string): Command => ({ program, args: ["-m", "kerlint", "server"] });

test("what the user has said is the only one", () => {
  const everything = (): boolean => true;
  assert.deepEqual(candidates(around({ settings: { path: "/opt/kerlint" }, chosen: "/p" }), everything), [server("/opt/kerlint")]);
  assert.deepEqual(candidates(around({ settings: { interpreter: "~/venv/bin/python" } }), everything), [
    module("/home/me/venv/bin/python"),
  ]);
  assert.deepEqual(candidates(around({ settings: { path: "a", interpreter: "b" } }), () => false), [server("a")]);
});

test("a path in a setting counts from the folder, a name does not", () => {
  const program = (path: string, more: Changes = {}): string | undefined =>
    candidates(around({ ...more, settings: { path } }), () => true)[0]?.program;
  assert.equal(program("tools/kerlint"), "/code/project/tools/kerlint");
  assert.equal(program("kerlint"), "kerlint");
  assert.equal(program("tools/kerlint", { folders: [] }), "tools/kerlint");
  assert.equal(program("${workspaceFolder}/.venv/bin/kerlint"), "/code/project/.venv/bin/kerlint");
  assert.equal(program("tools\\kerlint.exe", { folders: ["C:\\p"], platform: "win32" }), "C:\\p\\tools\\kerlint.exe");
  assert.equal(program("D:\\kerlint.exe", { folders: ["C:\\p"], platform: "win32" }), "D:\\kerlint.exe");
});

test("the chosen Python, then those of the folders, then the PATH", () => {
  const there = new Set(["/chosen/python", "/code/project/venv/bin/python", "/b/.venv/bin/python", "/usr/bin/kerlint"]);
  const found = candidates(around({ chosen: "/chosen/python", folders: ["/code/project", "/b"] }), (file) => there.has(file));
  assert.deepEqual(found, [
    module("/chosen/python"),
    module("/code/project/venv/bin/python"),
    module("/b/.venv/bin/python"),
    server("/usr/bin/kerlint"),
  ]);
});

test("each is tried once, and nothing that is relative on the PATH", () => {
  const python = "/code/project/.venv/bin/python";
  assert.deepEqual(candidates(around({ chosen: python }), (file) => file === python), [module(python)]);
  assert.deepEqual(candidates(around(), (file) => file.startsWith("relative")), []);
});

test("Windows", () => {
  const there = new Set(["C:\\p\\.venv\\Scripts\\python.exe", "C:\\tools\\kerlint.exe"]);
  const windows = around({ platform: "win32", folders: ["C:\\p"], environment: { Path: "C:\\none;C:\\tools" } });
  assert.deepEqual(candidates(windows, (file) => there.has(file)), [
    module("C:\\p\\.venv\\Scripts\\python.exe"),
    server("C:\\tools\\kerlint.exe"),
  ]);
});

test("arguments are passed on, and left out of the trial", () => {
  const [command] = candidates(around({ settings: { interpreter: "/p", arguments: ["--x", "${env:HOME}"] } }), () => true);
  assert.deepEqual(command, { program: "/p", args: ["-m", "kerlint", "server", "--x", ""] });
  assert.deepEqual(trial(command as Command), module("/p"));
  assert.deepEqual(trial(server("/k")), server("/k"));
});

test("variables", () => {
  const here = around({ environment: { NAME: "$&" } });
  assert.equal(expanded("${env:NAME}/${env:NONE}${userHome}", here), "$&//home/me");
  assert.equal(expanded("a~", here), "a~");
  assert.equal(expanded("~", here), "/home/me");
});

test("what a trial has shown", () => {
  assert.deepEqual(judged(0, undefined, "warning"), { kind: "fine" });
  assert.deepEqual(judged(null, "ENOENT", ""), { kind: "absent" });
  assert.deepEqual(judged(1, undefined, "/p: No module named kerlint\n"), { kind: "no-kerlint" });
  assert.deepEqual(judged(1, undefined, "Error: pygls is missing: pip install 'kerlint[server]'\n"), { kind: "no-server" });
  assert.deepEqual(judged(2, undefined, "first\nlast\n"), { kind: "broken", detail: "last" });
  assert.deepEqual(judged(null, undefined, ""), { kind: "broken", detail: "it ended with status null" });
  assert.deepEqual(judged(null, "ETIMEDOUT", ""), { kind: "broken", detail: "ETIMEDOUT" });
});

test("what there is to say", () => {
  const say = (...tried: [Command, Outcome][]): string => explained(tried);
  assert.match(say(), /no kerlint was found: run pip install 'kerlint\[server\]'/);
  assert.match(say([module("/p"), { kind: "no-kerlint" }]), /^\/p has no kerlint: run \/p -m pip install 'kerlint\[server\]'$/);
  assert.match(say([server("/k"), { kind: "absent" }]), /^\/k is not there, or cannot be run: see the settings/);
  // A kerlint without its server is nearer to the aim than a Python without kerlint.
  assert.match(
    say([module("/p"), { kind: "no-kerlint" }], [module("/q"), { kind: "no-server" }]),
    /without its language server: run \/q -m pip install/,
  );
  assert.match(say([server("/k"), { kind: "broken", detail: "why" }]), /^\/k server cannot be started: why$/);
});
