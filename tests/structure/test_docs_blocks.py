"""Runs what README.md and docs/*.md show: Python blocks and ``evenreg`` commands, in a temporary folder.

The blocks of one page share a folder and a Python namespace and run in their order, so that the first may
write the table the others read. ``<!-- skip: reason -->`` on the line before a block leaves it out;
``<!-- slow -->`` runs it only where EVENREG_DOCS=all is set.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELLS = {"console", "sh", "bash", "shell"}


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    text: str
    mark: str  # what the comment before it says: "", "slow" or "skip: reason"


def blocks(text):
    """The fenced blocks of a page."""
    found, fence, mark, body, start, language = [], "", "", [], 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        opened = re.match(r"^ {0,3}(`{3,})\s*([\w-]*)", line)
        if fence:
            if line.strip() == fence:
                found.append(Block(start, language, "\n".join(body) + "\n", mark))
                fence, mark = "", ""
            else:
                body.append(line)
        elif opened:
            fence, language, body, start = opened[1], opened[2], [], number
        elif comment := re.fullmatch(r"<!--\s*(slow|skip:\s*\S.*?)\s*-->", line.strip()):
            mark = comment[1]
        elif line.strip():
            mark = ""
    assert not fence, f"the block of line {start} is never closed"
    return found


def commands(block):
    """The ``evenreg`` commands of a shell block; in a console only what follows a prompt is one."""
    prompt = r"\$ " if block.language == "console" else r"\s*"
    lines = re.sub(r"\s*\\\n\s*", " ", block.text).splitlines()
    return [found[1] for line in lines if (found := re.match(rf"{prompt}(evenreg\s.*)", line))]


def run_command(command, folder):
    script = "import sys; from evenreg.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", script, *shlex.split(command, comments=True)[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, (
        f"{command}\nexit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    )


def run_python(block, namespace, page):
    if ">>>" not in block.text:
        exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line)
    runner, told = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE), []
    runner.run(test, out=told.append, clear_globs=False)
    namespace.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def run_page(page, folder):
    namespace = {"__name__": "__docs__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.mark.startswith("skip") or (
            block.mark == "slow" and os.environ.get("EVENREG_DOCS") != "all"
        ):
            continue
        if block.language == "python":
            run_python(block, namespace, page)
        elif block.language in SHELLS:
            for command in commands(block):
                run_command(command, folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path)


PAGE = """
```python
value = 1
```
<!-- skip: needs a GPU -->
```python
raise SystemExit
```
<!-- slow -->

```console
$ evenreg compare \\
    t.csv --target y
evenreg 0.1.0 prints this
$ make demo
```
<!-- slow -->
Words take the mark away.
```sh
evenreg --version  # the number
```
```python
>>> value + 1
2
```
"""


def test_blocks_and_commands_are_found():
    found = blocks(PAGE)
    assert [b.language for b in found] == ["python", "python", "console", "sh", "python"]
    assert [b.mark for b in found] == ["", "skip: needs a GPU", "slow", "", ""]
    assert commands(found[2]) == ["evenreg compare t.csv --target y"]
    assert commands(found[3]) == ["evenreg --version  # the number"]


def test_a_page_runs_in_order_and_shares_names(tmp_path, monkeypatch):
    monkeypatch.delenv("EVENREG_DOCS", raising=False)
    (page := tmp_path / "page.md").write_text(PAGE)
    run_page(page, tmp_path)


@pytest.mark.parametrize(
    "block",
    [
        "```python\nassert 1 == 2\n```",
        "```python\n>>> 1 + 1\n3\n```",
        "```console\n$ evenreg --no-such-option\n```",
        "```python\nvalue = 1\n",
    ],
)
def test_a_wrong_block_fails(block, tmp_path):
    (page := tmp_path / "page.md").write_text(block)
    with pytest.raises(AssertionError):
        run_page(page, tmp_path)
