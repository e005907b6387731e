"""The real Neovim with the configuration that `docs/editors.md` gives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls")

ROOT = Path(__file__).parent.parent
NVIM = shutil.which("nvim") or shutil.which("nvim", path=str(Path(sys.executable).parent))

SCRIPT = """
local function answer(value)
  io.stdout:write("ANSWER " .. vim.json.encode(value) .. "\\n")
end
local function wait(condition)
  assert(vim.wait(60000, condition, 50), "it took too long")
end
vim.cmd.edit("train.py")
local buffer = vim.api.nvim_get_current_buf()
wait(function() return #vim.diagnostic.get(buffer) > 0 end)
local found = {}
for _, one in ipairs(vim.diagnostic.get(buffer)) do
  table.insert(found, { one.code, one.lnum, one.col, one.end_col, one.severity, one.source })
end
answer(found)
wait(function() return #vim.lsp.inlay_hint.get({ bufnr = buffer }) > 0 end)
local hints = {}
for _, one in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
  table.insert(hints, one.inlay_hint.label)
end
answer(hints)
vim.api.nvim_win_set_cursor(0, { 15, 38 })
local place = vim.lsp.util.make_position_params(0, "utf-8")
local hover = vim.lsp.buf_request_sync(buffer, "textDocument/hover", place, 60000)
for _, one in pairs(hover) do
  answer(one.result.contents.value)
end
vim.cmd.write()
wait(function()
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    if one.code == "KL001" then
      return false
    end
  end
  return true
end)
answer(vim.api.nvim_buf_get_lines(buffer, 14, 15, false)[1])
vim.cmd("qall!")
"""


def _version() -> tuple[int, ...]:
    if NVIM is None:
        return ()
    done = subprocess.run([NVIM, "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"NVIM v(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, match.groups())) if match else ()


@pytest.mark.skipif(_version() < (0, 11), reason="needs Neovim 0.11")
def test_neovim(tmp_path: Path) -> None:
    blocks = re.findall(r"```lua\n(.*?)```", (ROOT / "docs" / "editors.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    (tmp_path / "init.lua").write_text("\n".join(blocks))
    (tmp_path / "script.lua").write_text(SCRIPT)
    (tmp_path / "pyproject.toml").touch()
    shutil.copy(ROOT / "examples" / "never_learns.py", tmp_path / "train.py")
    # The configuration says `kerlint`; here it is that of the tests.
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "kerlint"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kerlint "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **{f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    assert NVIM is not None
    done = subprocess.run(
        [NVIM, "--headless", "-u", "init.lua", "-l", "script.lua"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    answers = [json.loads(line[7:]) for line in (done.stdout + done.stderr).splitlines() if line.startswith("ANSWER ")]
    assert len(answers) == 4, done.stdout + done.stderr
    found, hints, hover, line = answers
    line_15 = (ROOT / "examples" / "never_learns.py").read_text().splitlines()[14]
    start = line_15.index('"softmax"')
    assert ["KL001", 14, start, start + len('"softmax"'), 1, "kerlint"] in found
    assert {one[0] for one in found} >= {"KL001", "KE005"}
    assert hints == ["(None, 16)", "(None, 1)"]
    assert "# single-unit-multiclass-head (KL001)" in hover
    # All safe fixes were made before it was written.
    assert line == line_15.replace("softmax", "sigmoid")
    assert (tmp_path / "train.py").read_text().splitlines()[14] == line
