"""Stages: which trainings a method is made of, and what acts in each."""

import pytest

from evenreg.training import Method
from evenreg.training._stage import Stage, stages_of

FROZEN, CONTRAST, BALANCED = "frozen", "contrast_only", "balanced_batches"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vanilla", [("vanilla",)]),
        ("sqinv + lds + fds + rnc", [("sqinv + lds + fds + rnc",)]),
        ("group(3) + inv", [("group(n=3) + inv",)]),
        ("hgb + sqinv", [("hgb + sqinv",)]),
        ("rrt", [("vanilla",), ("inv", FROZEN)]),
        ("rrt + lds", [("vanilla",), ("inv + lds", FROZEN)]),
        ("rrt + lds(size=9)", [("vanilla",), ("inv + lds(size=9)", FROZEN)]),
        ("rrt + cb", [("vanilla",), ("cb", FROZEN)]),
        (
            "rrt + sqinv + lds + fds(size=9) + ranksim",
            [("fds(size=9) + ranksim",), ("sqinv + lds", FROZEN)],
        ),
        ("rrt + rnc(views=2) + inv(max_ratio=9)", [("rnc(views=2)",), ("inv(max_ratio=9)", FROZEN)]),
        ("rrt + bmc", [("vanilla",), ("bmc", FROZEN)]),
        ("rrt + bni + lds", [("vanilla",), ("bni + lds", FROZEN)]),
        ("rrt + log", [("log",), ("log + inv", FROZEN)]),
        ("rrt + huber(beta=2) + sqinv", [("huber(beta=2)",), ("huber(beta=2) + sqinv", FROZEN)]),
        ("cls", [("cls",)]),
        ("cls + cb", [("cls + cb",)]),
        ("cls + crt", [("cls",), ("cls", FROZEN, BALANCED)]),
        (
            "cls(decode=expectation) + crt + log + ranksim",
            [
                ("log + cls(decode=expectation) + ranksim",),
                ("log + cls(decode=expectation)", FROZEN, BALANCED),
            ],
        ),
        (
            "group(10) + group-contrast(10, stage=first)",
            [("group-contrast(stage=first)", CONTRAST), ("group", FROZEN)],
        ),
        (
            "rnc(stage=first, views=2) + sqinv + lds",
            [("rnc(stage=first, views=2)", CONTRAST), ("sqinv + lds", FROZEN)],
        ),
        ("rnc(stage=first)", [("rnc(stage=first)", CONTRAST), ("vanilla", FROZEN)]),
        (
            "rnc(stage=first) + ranksim + bmc + log",
            [("log + ranksim + rnc(stage=first)", CONTRAST), ("log + bmc", FROZEN)],
        ),
        ("rnc(stage=first) + cls + cb", [("rnc(stage=first)", CONTRAST), ("cls + cb", FROZEN)]),
    ],
)
def test_stages(text, expected):
    found = stages_of(Method.parse(text))
    assert found == tuple(
        Stage(Method.parse(words), **dict.fromkeys(flags, True)) for words, *flags in expected
    )
    for stage, (words, *_) in zip(found, expected, strict=True):
        # In writing order, as a method that is read: a stage tells its words as a row does.
        assert str(stage.method) == words


def test_a_joint_contrast_has_one_stage_whatever_its_views():
    for text in ("rnc", "rnc(views=2)", "group-contrast(5, stage=joint)"):
        assert stages_of(Method.parse(text)) == (Stage(Method.parse(text)),)
