"""Sweeps: which rows they make, what they refuse, and that every one of them trains something else."""

import contextlib
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evenreg
from evenreg._words import WORDS, parse
from evenreg.cli import _compare, main
from evenreg.cli._compare_rows import rows_for
from evenreg.cli._sweep import swept
from evenreg.errors import InputError, UnknownNameError

Y = np.array([1.0, 1.0, 1.0, 1.0, 9.0])


def rows(methods, sweep, **options):
    return rows_for(methods, trees=False, y=-Y, sweep=sweep, **options)


def names(methods, sweep):
    return [" + ".join(map(str, words)) for words in swept([parse(m) for m in methods], sweep)]


def another_value(argument):
    """The text of a value that is not the default, and the value."""
    for text in ("9", "2", "0.5", "0.5/2", "true", "false"):
        with contextlib.suppress(InputError):
            if (value := argument.read(text, "it")) != argument.default:
                return text, value
    # A name of several: the refusal of any other offers them.
    with pytest.raises(UnknownNameError) as refusal:
        argument.read("?", "it")
    options = str(refusal.value).rstrip(".").rsplit("known are: ")[-1].split(", ")
    return next((o, o) for o in options if o != argument.default)


def rejected(word):
    """Whether a word of the grammar cannot be swept."""
    with pytest.raises(UnknownNameError, match=f"no method word to sweep named '{word}'"):
        swept([parse("vanilla")], f"{word}.threshold=0.5")
    return True


class TestRows:
    def test_the_papers_grid(self):
        found = rows("vanilla; sqinv + lds; bmc", "lds.size=5,9,15; lds.sigma=1,2,3")
        assert found == [
            "vanilla",
            "sqinv + lds(sigma=1)",
            "sqinv + lds",
            "sqinv + lds(sigma=3)",
            "sqinv + lds(size=9, sigma=1)",
            "sqinv + lds(size=9)",
            "sqinv + lds(size=9, sigma=3)",
            "sqinv + lds(size=15, sigma=1)",
            "sqinv + lds(size=15)",
            "sqinv + lds(size=15, sigma=3)",
            "bmc",
            "vanilla(mse)",
        ]

    def test_only_what_holds_the_word_is_swept_and_other_arguments_stay(self):
        found = names(["sqinv + lds(sigma=1)", "bni + lds", "inv"], "LDS.Size = 5, 9")
        assert found == [
            "sqinv + lds(sigma=1)",
            "sqinv + lds(size=9, sigma=1)",
            "bni + lds",
            "bni + lds(size=9)",
            "inv",
        ]

    def test_several_words_are_crossed_where_a_method_holds_both(self):
        found = names(["focal-r", "focal-r + inv"], "focal_r.gamma=1,2; inv.max-ratio=10,200")
        assert found == [
            "focal-r",
            "focal-r(gamma=2)",
            "focal-r + inv(max_ratio=10)",
            "focal-r + inv",
            "focal-r(gamma=2) + inv(max_ratio=10)",
            "focal-r(gamma=2) + inv",
        ]

    def test_kernels_and_what_a_kernel_has_no_use_for(self):
        found = rows("sqinv + lds", "lds.kernel=gaussian,laplacian,triangular; lds.sigma=1,2")
        assert found == [
            "vanilla",
            "sqinv + lds(sigma=1)",
            "sqinv + lds",
            "sqinv + lds(kernel=laplacian, sigma=1)",
            "sqinv + lds(kernel=laplacian)",
            "sqinv + lds(kernel=triangular)",
        ]

    def test_costs_are_added_or_replaced_where_the_words_allow_it(self):
        found = rows_for(
            "vanilla; sqinv + huber(beta=2); bmc; hgb", trees=True, y=-Y, sweep="cost=l1,mse,huber"
        )
        assert found == [
            "vanilla",
            "vanilla(mse)",
            "vanilla(huber)",
            "sqinv",
            "mse + sqinv",
            "huber(beta=2) + sqinv",
            "bmc",
            "hgb + l1",
            "hgb",
            "hgb + sqinv + lds",
        ]
        assert names(["focal-r(gamma=2)"], "cost=l1,mse") == [
            "focal-r(gamma=2)",
            "focal-r(gamma=2, cost=mse)",
        ]

    def test_a_cost_that_is_common_to_all_is_not_named(self):
        assert rows("sqinv", "cost=l1,mse", cost="mse") == ["vanilla", "l1 + sqinv", "sqinv"]

    def test_one_row_however_often_it_comes_up(self):
        assert rows("sqinv + lds; lds(size=9) + sqinv", "lds.size=5,9,5") == [
            "vanilla",
            "sqinv + lds",
            "sqinv + lds(size=9)",
        ]

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(st.sampled_from([1, 3, 5, 7, 9]), min_size=1, max_size=4, unique=True),
        st.lists(st.sampled_from([0.5, 1, 2, 3.25]), min_size=1, max_size=3, unique=True),
    )
    def test_as_many_rows_as_combinations_all_of_which_can_be_read_again(self, sizes, sigmas):
        texts = (",".join(map(str, values)) for values in (sizes, sigmas))
        found = swept([parse("sqinv + lds")], "lds.size={}; lds.sigma={}".format(*texts))
        pairs = [(words[1].args["size"], words[1].args["sigma"]) for words in found]
        assert pairs == list(itertools.product(sizes, sigmas))
        for words in found:
            assert parse(" + ".join(map(str, words))) == tuple(words)

    def test_every_argument_of_every_word_can_be_swept(self):
        """A word that is added to the grammar needs nothing here: two values that differ make two rows."""
        for word, (_, arguments) in WORDS.items():
            for argument, known in arguments.items():
                value, changed = ("0", 0) if argument == "start_update" else another_value(known)
                text = f"{word}.{argument}={value}"
                others = parse("cls + crt" if word == "crt" else word)
                (found,) = swept([others], text)
                (swept_word,) = (w for w in found if w.name == word)
                assert swept_word.args[argument] == changed != known.default, text


SENTENCES = [
    ("ldss.size=5", UnknownNameError, "no method word to sweep named 'ldss'; did you mean 'lds'"),
    ("lds.sise=5", UnknownNameError, "sweep: lds has no argument 'sise'; did you mean 'size'"),
    ("hgb.trees=5", UnknownNameError, "sweep: hgb has no argument 'trees'; it takes none."),
    (
        "focal-r.gamma=1,2",
        InputError,
        "sweep: expected a method with the word focal-r to sweep focal-r.gamma in, got "
        "'vanilla; sqinv + lds'; add one to methods.",
    ),
    (
        "lds.size=5,8",
        InputError,
        "sweep: lds.size: expected an odd number of bins (a kernel has a centre), got '8'.",
    ),
    ("lds.kernel=gausian", UnknownNameError, "sweep: lds.kernel: got 'gausian'; did you mean 'gaussian'"),
    ("cost=l2", UnknownNameError, "sweep: cost: got 'l2'; known are: l1, mse, huber."),
    (
        "lds.size=",
        InputError,
        "sweep: expected values of lds.size, got none in 'lds.size='; write word.argument=",
    ),
    ("lds.size=5,,9", InputError, "sweep: expected values of lds.size, got an empty one in 'lds.size=5,,9'"),
    (
        "lds.size=5; lds.sigma=1; LDS.size=9",
        InputError,
        "sweep: LDS.size is given twice; write all its values after one LDS.size=.",
    ),
    (
        "lds=5",
        InputError,
        "sweep: expected an argument of a word and its values, got 'lds=5'; write word.argument=",
    ),
    ("lds.size", InputError, "sweep: expected an argument of a word and its values, got 'lds.size'; write"),
    (" ; ", InputError, "sweep: expected an argument of a word and its values, got ' ; '; write"),
]


def test_values_that_contradict_another_argument():
    with pytest.raises(InputError, match="expected start_smooth after start_update, got 2 and 5"):
        rows("fds", "fds.start_update=1,5")


@pytest.mark.parametrize(("sweep", "error", "sentence"), SENTENCES)
def test_sentences(sweep, error, sentence):
    with pytest.raises(error) as caught:
        rows("vanilla; sqinv + lds", sweep)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cost_that_nothing_may_have():
    with pytest.raises(
        InputError, match="expected a method that may have the cost l1, got 'bmc'; add one to methods"
    ):
        rows("bmc", "cost=l1")
    with pytest.raises(InputError, match="expected a method that may have the cost huber, got 'hgb'"):
        rows_for("hgb", trees=True, y=-Y, sweep="cost=l1,huber")


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 150)
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    pd.DataFrame({"price": -(5 * size + rng.normal(0, 1, 150)).round(1), "size": size}).to_csv(
        path, index=False
    )
    return path


def predictions(result):
    """What every row predicts with the first seed."""
    return {row: result.predictions[f"{row} (seed 0)"] for row in result.evaluations}


def all_differ(found):
    return all(not np.array_equal(a, b) for a, b in itertools.combinations(found, 2))


@pytest.mark.parametrize(
    ("methods", "sweep", "made"),
    [
        ("sqinv + lds; hgb + inv + lds", "lds.size=5,15; lds.kernel=laplacian,triangular", 8),
        ("sqinv", "cost=l1,mse,huber", 3),
    ],
)
def test_every_row_of_a_sweep_trains_something_else(methods, sweep, made, sales, tmp_path):
    result = evenreg.compare(
        sales, "price", methods, sweep=sweep, seeds=1, epochs=1, bin_width=1, out=tmp_path / "run"
    )
    always = {"vanilla", "vanilla(mse)", "hgb", "hgb + sqinv + lds"}
    found = predictions(result)
    assert len(found.keys() - always) == made
    assert all_differ(found.values())


def test_the_command_tells_how_much_is_trained_and_a_resumed_run_needs_the_same_sweep(
    sales, tmp_path, capsys
):
    words = [
        "compare",
        str(sales),
        "--target",
        "price",
        "--methods",
        "sqinv + lds",
        "--seeds",
        "1",
        "--epochs",
        "1",
    ]
    words += ["--out", str(tmp_path / "run"), "--jobs", "1"]
    assert main([*words, "--sweep", "lds.size=3,9"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("5 rows x 1 seed: 5 trainings\n")
    assert "sqinv + lds(size=9)" in out
    assert max(map(len, out.splitlines())) <= 100
    assert main([*words, "--sweep", "lds.size=3,9,15", "--resume"]) == 2
    assert "sweep (was 'lds.size=3,9', is 'lds.size=3,9,15')" in capsys.readouterr().err


@pytest.mark.parametrize(("sweep", "sentence"), [(sweep, sentence) for sweep, _, sentence in SENTENCES[:8]])
def test_a_wrong_sweep_is_one_sentence_before_anything_is_written(
    sweep, sentence, sales, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(_compare, "source_of", lambda *_: pytest.fail("training was prepared"))
    words = [
        "compare",
        str(sales),
        "--target",
        "price",
        "--methods",
        "vanilla; sqinv + lds",
        "--sweep",
        sweep,
    ]
    assert main([*words, "--out", str(tmp_path / "run")]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err
    assert not (tmp_path / "run").exists()
