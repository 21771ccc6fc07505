"""Every dependency has one pinned version inside its range, and the release has one number."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import evenreg

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIRED = [
    *PROJECT["dependencies"],
    *(r for extra in PROJECT["optional-dependencies"].values() for r in extra),
]
LINE = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!_-]+)")


def pins(text):
    """``{name: version}``; a line that is neither a comment nor ``name==version`` is refused."""
    found = {}
    for line in filter(None, (raw.split("#", 1)[0].strip() for raw in text.splitlines())):
        match = LINE.fullmatch(line)
        assert match, f"not a pin: {line}"
        assert canonicalize_name(match[1]) not in found, f"pinned twice: {line}"
        found[canonicalize_name(match[1])] = match[2]
    return found


def test_every_dependency_is_pinned_inside_its_range():
    found = pins((ROOT / "constraints.txt").read_text())
    for text in REQUIRED:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in found, f"{name} has no pin"
        assert requirement.specifier.contains(found[name]), (
            f"{name}: {found[name]} is not in {requirement.specifier}"
        )


@pytest.mark.parametrize("line", ["numpy>=2", "numpy", "numpy==2.*", "numpy==1.0\nNumPy==1.1"])
def test_the_pin_check_can_fail(line):
    with pytest.raises(AssertionError):
        pins(line)


def test_one_version_number():
    assert PROJECT["version"] == evenreg.__version__
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {evenreg.__version__}" in changes or "## Unreleased" in changes
