import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { tryOut } from "../src/trial";

const folder = mkdtempSync(join(tmpdir(), "kerlint-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const options = { skip: process.platform === "win32" ? "needs a shell" : false };

function program(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("one that runs leaves when its input ends", options, async () => {
  const file = program("fine", 'test "$*" = server && cat > /dev/null');
  assert.deepEqual(await tryOut({ program: file, args: ["server", "--more"] }), { kind: "fine" });
});

test("ones that do not", options, async () => {
  const none = program("none", "echo '/p: No module named kerlint' >&2; exit 1");
  assert.deepEqual(await tryOut({ program: none, args: ["-m", "kerlint", "server"] }), { kind: "no-kerlint" });
  const broken = program("broken", "echo first >&2; echo last >&2; exit 2");
  assert.deepEqual(await tryOut({ program: broken, args: ["server"] }), { kind: "broken", detail: "last" });
  assert.deepEqual(await tryOut({ program: join(folder, "absent"), args: ["server"] }), { kind: "absent" });
});

// The one of this repository, where there is a Python that has it.
const python = process.env["KERLINT_PYTHON"];
test("the real one", { skip: python === undefined ? "KERLINT_PYTHON names no Python" : false }, async () => {
  assert.deepEqual(await tryOut({ program: python ?? "", args: ["-m", "kerlint", "server"] }), { kind: "fine" });
});
