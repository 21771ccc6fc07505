"""Recipes of the papers' benchmarks: every printed row is there, reads, and is trained by the papers' numbers."""

from functools import cache
from typing import NamedTuple

import pytest

from evenreg._words import WORDS, parse
from evenreg.cli._benchmark_rows import planned_rows
from evenreg.cli._published_match import as_printed, other_arguments
from evenreg.cli._settings import read_config
from evenreg.errors import InputError
from evenreg.evaluation import published

MAIN_TABLES = {
    "sts-b-dir": [("000", "3"), ("000", "10"), ("001", "3"), ("003", "3"), ("003", "9")],
    "agedb-dir": [("000", "2"), ("000", "9"), ("001", "1"), ("003", "2"), ("003", "8")],
    "imdb-wiki-dir": [("000", "1"), ("000", "8"), ("001", "2"), ("002", "1"), ("003", "1"), ("003", "7")],
}
NAMES = list(MAIN_TABLES)
VARIANTS = [(name, variant) for name in NAMES for variant in read_config(name)["variants"]]
SWEEPS = [(name, sweep) for name in NAMES for sweep in read_config(name)["sweeps"]]

# Printed rows that a recipe has under a name that tells more, or trains in two stages.
RENAMED = {"Ours": "Group-DIR", "Ours (BMC)": "BMC", "Ours (GAI)": "GAI", "BMC": "BMC", "GAI": "GAI"}
OTHER_MODEL = "no head or loss of this package"
BETWEEN_PIXELS = "pixels are not columns to blend"
LEFT_OUT = {
    "sts-b-dir": dict.fromkeys(["VAE", "DER", "VIR", "LDS + FDS + DER"], OTHER_MODEL),
    "agedb-dir": dict.fromkeys(["VAE", "DER", "VIR", "LDS + FDS + DER"], OTHER_MODEL)
    | dict.fromkeys(["SMOTER", "SMOGN", "SMOGN + LDS", "SMOGN + FDS", "SMOGN + LDS + FDS"], BETWEEN_PIXELS),
}
LEFT_OUT["imdb-wiki-dir"] = LEFT_OUT["agedb-dir"]


class Printed(NamedTuple):
    """What a paper says of a training, and where."""

    recipe: str
    variant: str
    source: str
    numbers: dict


PRINTED = [
    *(
        Printed(recipe, "light", "000 C.1", {
            "encoder": "resnet50", "optimizer": "adam", "learning_rate": 1e-3, "milestones": [60, 80], "epochs": 90,
            "batch_size": 256, "cost": "l1", "schedule": "steps",
            "second_stage": {"epochs": 30, "learning_rate": 1e-4, "schedule": "constant"},
        })
        for recipe in ("agedb-dir", "imdb-wiki-dir")
    ),
    Printed("agedb-dir", "light-64", "003 B.3", {
        "batch_size": 64, "learning_rate": 2.5e-4, "epochs": 90, "milestones": [60, 80], "select": "mae",
    }),
    *(
        Printed(recipe, "heavy", "Zha et al. 2023", {
            "encoder": "resnet18", "optimizer": "sgd", "momentum": 0.9, "schedule": "cosine", "epochs": 400,
            "batch_size": 256, "weight_decay": 1e-4,
        })
        for recipe in ("agedb-dir", "imdb-wiki-dir")
    ),
    Printed("sts-b-dir", "bilstm", "000 C.1", {
        "encoder": "bilstm", "optimizer": "adam", "learning_rate": 1e-4, "schedule": "constant", "batch_size": 128,
        "cost": "mse", "select": "mse", "second_stage": {},
    }),
    Printed("sts-b-dir", "bilstm-16", "003 B.4", {
        "encoder": "bilstm", "optimizer": "adam", "learning_rate": 2.5e-4, "batch_size": 16, "select": "mse",
    }),
]  # fmt: skip


@cache
def config(name):
    return read_config(name)


@cache
def plans(name, variant=None, sweep=None):
    return planned_rows(config(name), "all", variant, sweep, {})


@cache
def words(method):
    return [word.name for word in parse(method)]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_row_is_planned_once_and_vanilla_first(name, variant):
    found = plans(name, variant)
    assert list(found) == list(config(name)["rows"])
    assert next(iter(found)) == "VANILLA"
    assert found["VANILLA"].method == "vanilla"
    assert len({plan.method for plan in found.values()}) == len(found)
    assert len({row.casefold() for row in found}) == len(found)
    for plan in found.values():
        assert plan.recipe_class == {"heavy": "heavy", "frozen": "pretrained", "finetuned": "pretrained"}.get(
            variant, "light"
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_row_of_the_main_tables_is_there_or_left_out_for_a_reason(name):
    """One row for those that papers print again, with every argument that a paper states."""
    rows = plans(name)
    left_out = set()
    for row in published(name).rows:
        if (row.paper, row.table) not in MAIN_TABLES[name] or row.kind != "score":
            continue
        if row.name in LEFT_OUT[name]:
            left_out.add(row.name)
            continue
        ours = [
            plan.method for plan in rows.values() if row.method and words(plan.method) == words(row.method)
        ]
        if row.name in RENAMED:
            ours = [rows[RENAMED[row.name]].method]
        assert len(ours) == 1, row
        assert other_arguments(row, str(ours[0])) == [], row
    assert left_out == set(LEFT_OUT[name])


@pytest.mark.parametrize("name", NAMES)
def test_no_row_bears_a_name_that_no_paper_prints(name):
    printed = {row.name.casefold() for row in published(name).rows}
    assert [row for row in config(name)["rows"] if row.casefold() not in printed] == ["Group-DIR"]


@pytest.mark.parametrize("name", NAMES)
def test_published_vanilla_with_lds_is_the_weighting_that_its_numbers_come_from(name):
    weighting = "inv" if name == "sts-b-dir" else "sqinv"
    (row,) = {
        r.method for r in published(name).rows if r.name == "VANILLA + LDS" and r.split in ("dir", "ranksim")
    }
    assert words(row) == [weighting, "lds"]
    assert words(plans(name)[f"{weighting.upper()} + LDS"].method) == [weighting, "lds"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", ["fds", "ranksim", "lds"])
def test_parts_act_as_the_published_numbers_came_about(name, word):
    """As released: a folded Gaussian, statistics from a pass of their own, and no other weight beside gamma."""
    acting = [w.args for plan in plans(name).values() for w in parse(str(plan.method)) if w.name == word]
    said = {
        "fds": {
            "statistics": "extra_pass",
            "start_update": 0,
            "start_smooth": 1,
            "kernel": "folded_gaussian",
        },
        "ranksim": {"gamma": 3e-4 if name == "sts-b-dir" else 100, "interpolation": 2, "weight": 1},
        "lds": {"kernel": "folded_gaussian", "size": 5, "sigma": 2, "boundary": "zero"},
    }[word]
    assert len(acting) >= 11
    assert all(args[key] == value for args in acting for key, value in said.items())


@pytest.mark.parametrize("printed", PRINTED, ids=lambda p: f"{p.recipe}-{p.variant}")
def test_numbers_are_the_papers(printed):
    for row, plan in plans(printed.recipe, printed.variant).items():
        own = config(printed.recipe)["rows"][row]
        for name, value in printed.numbers.items():
            if not (isinstance(own, dict) and name in own):
                assert getattr(plan, name) == value, (row, name)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_cost_and_selection_are_the_papers_in_every_variant_and_units_where_encoders_are_theirs(
    name, variant
):
    text = name == "sts-b-dir"
    units = "label" if not text else "sd" if variant in ("frozen", "finetuned") else 5
    for plan in plans(name, variant).values():
        assert (plan.cost, plan.select, plan.units) == (("mse", "mse") if text else ("l1", "mae")) + (units,)


@pytest.mark.parametrize(
    ("variant", "checks", "patience"), [("bilstm", 100, 10), ("bilstm-16", 300, 30)], ids=["128", "16"]
)
def test_a_bilstm_is_trained_and_waited_for_as_long_as_its_validations_took(variant, checks, patience):
    """The released code validates every 400 batches of 5,249 pairs."""
    plan = plans("sts-b-dir", variant)["VANILLA"]
    epochs_a_check = 400 / -(-5249 // (plan.batch_size or 1))
    assert plan.epochs == pytest.approx(checks * epochs_a_check, rel=0.01)
    assert plan.patience == pytest.approx(patience * epochs_a_check, rel=0.02)


@pytest.mark.parametrize("name", ["agedb-dir", "imdb-wiki-dir"])
def test_ages_are_trained_to_the_end(name):
    """The papers do not stop early."""
    for variant in config(name)["variants"]:
        assert all(plan.patience == plan.epochs for plan in plans(name, variant).values())


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_both_stages_have_an_optimizer(name, variant):
    """A second stage with another schedule does without the first one's milestones."""
    from evenreg.cli._source_settings import _told
    from evenreg.training._optimizer import Optimizer, updated

    plan = plans(name, variant)["RRT"]
    first = dict(_told(plan))
    second = updated(first, plan.second_stage)
    second.pop("epochs", None)
    Optimizer(**first)
    found = Optimizer(**second)
    if variant.startswith("light"):
        assert (found.learning_rate, found.schedule, found.milestones) == (1e-4, "constant", ())


@pytest.mark.parametrize("name", NAMES)
def test_the_trainer_takes_its_arguments(name):
    from evenreg.cli._trainer_arguments import trainer_arguments

    for variant in config(name)["variants"]:
        given = plans(name, variant)["VANILLA"].trainer
        assert trainer_arguments(given) == given


# The table of each sweep, and how many methods it has.
TABLES = {
    "kernel": ("000", {"sts-b-dir": "14", "imdb-wiki-dir": "13"}, 6),
    "size-and-sigma": ("000", {"sts-b-dir": "17", "imdb-wiki-dir": "16"}, 18),
    "cost": ("000", {"sts-b-dir": "15"}, 6),
    "classification": ("000", {"sts-b-dir": "20"}, 3),
    "groups": ("001", {"agedb-dir": "4"}, 8),
    "lambda1": ("001", {"agedb-dir": "6"}, 5),
    "lambda2": ("001", {"agedb-dir": "6"}, 10),
    "noise": ("002", {"imdb-wiki-dir": "5"}, 4),
    "components": ("002", {"imdb-wiki-dir": "6"}, 4),
    "gamma": ("003", {"agedb-dir": "10", "imdb-wiki-dir": "11"}, 10),
    "interpolation": ("003", {"agedb-dir": "10", "imdb-wiki-dir": "11"}, 11),
    "batch-size": ("003", {"agedb-dir": "12"}, 3),
    "penalty": ("003", {"agedb-dir": "4", "imdb-wiki-dir": "4"}, 5),
    "similarity": ("003", {"agedb-dir": "5", "imdb-wiki-dir": "5"}, 5),
    "sampling": ("003", {"sts-b-dir": "6", "agedb-dir": "6", "imdb-wiki-dir": "6"}, 2),
}
# Of tables that two sweeps share, or that print rows of the main tables too.
OF_ANOTHER = {
    "lambda1": "λ2", "lambda2": "λ1", "gamma": "γ = 100,", "interpolation": "λ = 2",
}  # fmt: skip


@pytest.mark.parametrize(("name", "sweep"), SWEEPS)
def test_every_sweep_is_a_table_of_a_paper(name, sweep):
    paper, tables, methods = TABLES[sweep]
    found = plans(name, None, sweep)
    about = config(name)["sweeps"][sweep]["about"]
    assert f"{paper} Table {tables[name]}," in about
    assert next(iter(found)) == "VANILLA"
    assert len(found) == methods + 1
    assert len({(plan.method, plan.batch_size) for plan in found.values()}) == len(found)
    ours = [plan.method for plan in (found | plans(name)).values()]
    printed = [row for row in published(name).rows if (row.paper, row.table) == (paper, tables[name])]
    printed = [
        row for row in printed if row.kind == "score" and OF_ANOTHER.get(sweep, "none") not in row.name
    ]
    assert printed
    for row in printed:
        assert any(_same(row.method, method) for method in ours), row


def _same(theirs, ours):
    """The same method, up to arguments that say how published numbers came about, and gammas no paper states."""
    gamma = {"gamma": WORDS["ranksim"][1]["gamma"].default}
    theirs, ours = (
        parse(as_printed(text)) for text in (theirs.removeprefix("mse + "), ours.replace("rrt + gai", "gai"))
    )
    return [word.name for word in theirs] == [word.name for word in ours] and all(
        one.args in (other.args, {**other.args, **gamma} if "gamma" in other.args else None)
        for one, other in zip(theirs, ours, strict=True)
    )


def test_what_rows_of_a_run_share_is_said_in_a_variant():
    own = {"rows": {"VANILLA": "vanilla", "INV": {"method": "inv", "augmentation": "heavy"}}}
    with pytest.raises(
        InputError, match="row 'INV': expected the augmentation of the whole benchmark, None, got"
    ):
        planned_rows(own, "all", None, None, {})
