"""The grammar of methods: read, checked, written back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg._words import WORDS, parse, split_methods
from evenreg.errors import InputError, UnknownNameError


def written(text: str) -> str:
    return " + ".join(map(str, parse(text)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("SQINV + LDS", "sqinv + lds"),
        ("lds(sigma=1, SIZE=9)+inv", "inv + lds(size=9, sigma=1)"),
        ("lds(laplacian)", "lds(kernel=laplacian)"),
        ("vanilla(MSE)", "vanilla(mse)"),
        ("vanilla(cost=mse)", "vanilla(mse)"),
        ("gai(4)", "gai(n=4)"),
        ("gai(n=2)", "gai"),
        ("bmc(noise_sigma=0.5, learn_noise=false)", "bmc(noise_sigma=0.5, learn_noise=false)"),
        ("Focal_R(gamma=0)", "focal-r(gamma=0)"),
        ("sqinv+lds+hgb", "hgb + sqinv + lds"),
        ("huber( 0.5 )", "huber(beta=0.5)"),
        ("lds(sigma=1.2345678)", "lds(sigma=1.2345678)"),
        ("inv(max_ratio=12345678)", "inv(max_ratio=12345678)"),
        ("inv(max_ratio=1e30)", "inv(max_ratio=1e+30)"),
        ("DENSE(0.5)", "dense(alpha=0.5)"),
        ("dense(alpha=0, bandwidth=Silverman)", "dense(alpha=0)"),
        ("dense(bandwidth=2.50, max_ratio=30) + hgb", "hgb + dense(bandwidth=2.5, max_ratio=30)"),
        ("lds + CB(0.99)", "cb(beta=0.99) + lds"),
        ("cb(beta=0.999, max_ratio=8)", "cb(max_ratio=8)"),
    ],
)
def test_canonical(text, canonical):
    assert written(text) == canonical
    assert written(canonical) == canonical


@given(
    alpha=st.floats(0, 5),
    bandwidth=st.sampled_from(["silverman", 0.1, 12345.678]),
    beta=st.floats(0, 0.999999),
    max_ratio=st.floats(1, 1e9),
)
@settings(max_examples=30, deadline=None)
def test_writing_weightings_back_loses_nothing(alpha, bandwidth, beta, max_ratio):
    for text in (
        f"dense(alpha={alpha!r}, bandwidth={bandwidth}, max_ratio={max_ratio!r})",
        f"cb(beta={beta!r}, max_ratio={max_ratio!r}) + lds",
    ):
        words = parse(text)
        assert parse(" + ".join(map(str, words))) == words
    assert parse(f"cb({beta!r})")[0].args["beta"] == beta


@given(
    name=st.sampled_from(["inv", "sqinv", "cb"]),
    size=st.integers(0, 30).map(lambda k: 2 * k + 1),
    sigma=st.floats(0.1, 50).map(lambda v: float(f"{v:g}")),
)
@settings(max_examples=30, deadline=None)
def test_writing_back_loses_nothing(name, size, sigma):
    words = parse(f"{name} + lds(size={size}, sigma={sigma:g})")
    assert parse(" + ".join(map(str, words))) == words


def test_every_default_is_dropped_and_every_word_parses_alone():
    for name in WORDS:
        text = "cls + crt" if name == "crt" else name  # a second stage of that first
        assert written(text) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sqniv", "no method word named 'sqniv'; did you mean 'sqinv'?"),
        ("sqinv + lsd", "no method word named 'lsd'; did you mean 'lds' or 'cls'?"),
        ("lds(sise=3)", "lds has no argument 'sise'; did you mean 'size'?"),
        ("l1(3)", "l1: takes 0 argument(s), got '3'; leave the rest out."),
        ("l1(beta=3)", "l1 has no argument 'beta'; it takes none."),
        ("lds(kernel=gausian)", "lds(kernel): got 'gausian'; did you mean 'gaussian' or 'folded_gaussian'?"),
        ("lds(size=4)", "lds(size): expected an odd number of bins (a kernel has a centre), got '4'."),
        ("lds(sigma=0)", "lds(sigma): expected a number above 0, got '0'."),
        ("lds(sigma=nan)", "lds(sigma): expected a finite number, got 'nan'."),
        ("inv(max_ratio=0.5)", "inv(max_ratio): expected a ratio of at least 1, got '0.5'."),
        ("dense(alpha=-1)", "dense(alpha): expected a number of at least 0, got '-1'."),
        (
            "dense(bandwidth=silvermann)",
            "dense(bandwidth): expected 'silverman' or a number above 0 in label units, got 'silvermann'.",
        ),
        (
            "dense(bandwidth=0)",
            "dense(bandwidth): expected 'silverman' or a number above 0 in label units, got '0'.",
        ),
        ("dense(max_ratio=0)", "dense(max_ratio): expected a ratio of at least 1, got '0'."),
        ("dens", "no method word named 'dens'; did you mean 'dense' or 'lds' or 'fds'?"),
        ("cb(beta=1)", "cb(beta): expected a number from 0 to below 1, got '1'; the limit 1 is inv."),
        ("cb(beta=2)", "cb(beta): expected a number from 0 to 1, got '2'."),
        ("gai(0)", "gai(n): expected a whole number of at least 1, got '0'."),
        ("lds(size=3, size=5)", "lds: argument 'size' is given twice; keep one."),
        ("inv + sqinv", "method 'inv + sqinv': inv and sqinv exclude each other (weighting); keep one."),
        ("l1 + mse", "method 'l1 + mse': l1 and mse exclude each other (cost); keep one."),
        (
            "bmc + sqinv",
            "method 'bmc + sqinv': bmc already corrects for the label distribution, a weighting beside it corrects",
        ),
        ("dense + cb", "method 'dense + cb': dense and cb exclude each other (weighting); keep one."),
        ("bmc + dense", "method 'bmc + dense': bmc already corrects for the label distribution, a weighting"),
        (
            "dense + lds",
            "method 'dense + lds': dense weighs by a density that is smooth already, lds has no counts to smooth; "
            "leave it out, dense(bandwidth=) smooths more.",
        ),
        ("bmc + lds", "method 'bmc + lds': bmc has no binned density for lds to smooth; use bni + lds."),
        ("gai + l1", "method 'gai + l1': gai is a cost itself (squared error); leave the other one out."),
        ("vanilla + lds", "method 'vanilla + lds': vanilla means the cost and nothing else; leave it out"),
        (
            "hgb + bmc",
            "method 'hgb + bmc': hgb takes sample weights, not Balanced MSE; use hgb + sqinv + lds.",
        ),
        (
            "hgb + huber",
            "method 'hgb + huber': hgb knows the costs l1 and mse, got huber; choose one of them.",
        ),
        ("inv ++ lds", "expected words such as 'sqinv + lds(size=9)', got nothing between the plus signs"),
        ("lds(size=3", "expected words such as 'sqinv + lds(size=9)', got 'lds(size=3'"),
    ],
)
def test_one_sentence_for_each_mistake(text, sentence):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert sentence in str(caught.value)


def test_unknown_names_are_their_own_error():
    with pytest.raises(UnknownNameError):
        parse("nonsense")


def test_split_methods_keeps_order_and_drops_blanks():
    assert split_methods("vanilla; sqinv + lds;; bmc ;") == ["vanilla", "sqinv + lds", "bmc"]
