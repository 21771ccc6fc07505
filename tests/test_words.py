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
        ("GROUP", "group"),
        ("group(10, argmax, true, soft, 1, uniform, 0.5, 1)", "group"),
        (
            "lds+sqinv+group(LAMBDA2=0, lambda1=2, grouping=Equal_Mass, beta=0.25, target=LA, bounded=False, "
            "routing=soft, n=4)",
            "group(n=4, routing=soft, bounded=false, target=la, beta=0.25, grouping=equal_mass, lambda1=2, lambda2=0) "
            "+ sqinv + lds",
        ),
        ("group(target=ce) + mse", "group(target=ce) + mse"),
        ("cb + CLS(expectation)", "cls(decode=expectation) + cb"),
        ("crt+cls(argmax)", "cls + crt"),
        ("ranksim + fds + lds + sqinv + RRT", "rrt + sqinv + lds + fds + ranksim"),
        ("bmc + rrt + log", "log + rrt + bmc"),
        ("RNC(stage=First, views=2)", "rnc(stage=first, views=2)"),
        ("rnc(2, 1, joint, 1)", "rnc"),
        ("Group_Contrast(5, stage=first) + group(5)", "group(n=5) + group-contrast(n=5, stage=first)"),
        (
            "group-contrast(views=2, similarity=cosine) + rrt",
            "rrt + group-contrast(similarity=cosine, views=2)",
        ),
        ("ranksim + rnc(stage=first) + inv", "inv + ranksim + rnc(stage=first)"),
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


@given(
    n=st.integers(1, 500),
    beta=st.floats(1e-3, 50),
    lambdas=st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)),
    choices=st.tuples(
        st.sampled_from(["argmax", "soft"]),
        st.booleans(),
        st.sampled_from(["soft", "ce", "la"]),
        st.sampled_from(["uniform", "equal_mass"]),
    ),
)
@settings(max_examples=30, deadline=None)
def test_writing_groups_back_loses_nothing(n, beta, lambdas, choices):
    routing, bounded, target, grouping = choices
    text = (
        f"group({n}, {routing}, {bounded}, {target}, {beta!r}, {grouping}, lambda1={lambdas[0]!r}, "
        f"lambda2={lambdas[1]!r})"
    )
    (word,) = parse(text)
    assert parse(str(word)) == (word,)
    assert tuple(word.args.values()) == (n, routing, bounded, target, beta, grouping, *lambdas)


@pytest.mark.parametrize("name", ["group", "cls", "rnc", "group-contrast"])
def test_every_argument_of_a_new_word_is_written_back_alone(name):
    values = ("3", "2", "0.25", "false", "soft", "la", "equal_mass", "expectation", "first", "cosine")
    for argument, known in WORDS[name][1].items():
        for value in values:
            try:
                told = known.read(value, argument)
            except InputError:
                continue
            if told != known.default:
                canonical = f"{name}({argument}={value})"
                assert written(canonical) == canonical
                break
        else:
            pytest.fail(f"no value of {name}({argument}) that is not the default")


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
        ("group(0)", "group(n): expected a whole number of at least 1, got '0'."),
        ("group(2.5)", "group(n): expected a whole number"),
        ("group(routing=hard)", "group(routing): got 'hard'; known are: argmax, soft."),
        ("group(bounded=1)", "group(bounded): got '1'; known are: true, false."),
        ("group(target=hard)", "group(target): got 'hard'; known are: soft, ce, la."),
        ("group(beta=0)", "group(beta): expected a number above 0, got '0'."),
        ("group(beta=-1)", "group(beta): expected a number above 0, got '-1'."),
        ("group(grouping=equalmass)", "group(grouping): got 'equalmass'; did you mean 'equal_mass'?"),
        ("group(lambda1=-1)", "group(lambda1): expected a number of at least 0, got '-1'."),
        ("cls(decode=mean)", "cls(decode): got 'mean'; known are: argmax, expectation."),
        ("rrt(2)", "rrt: takes 0 argument(s), got '2'; leave the rest out."),
        ("rnc(views=0)", "rnc(views): expected a whole number of at least 1, got '0'."),
        ("rnc(views=3)", "rnc(views): expected 1 or 2 views of a row, got '3'."),
        ("group-contrast(views=1.5)", "group-contrast(views): expected a whole number"),
        ("rnc(stage=second)", "rnc(stage): got 'second'; known are: joint, first."),
        ("conr(stage=first)", "conr has no argument 'stage'"),
        (
            "crt",
            "method 'crt': crt re-trains the classifier of a first stage, which is cls; write cls + crt, or rrt to "
            "re-train a regressor.",
        ),
        ("group + crt", "method 'group + crt': crt re-trains the classifier of a first stage, which is cls"),
        (
            "cls + rrt",
            "method 'cls + rrt': rrt re-trains a linear regressor, cls is none; write cls + crt.",
        ),
        (
            "group + rrt",
            "method 'group + rrt': rrt re-trains a linear regressor, group is none; leave one of them out.",
        ),
        ("rrt + crt", "method 'rrt + crt': rrt and crt exclude each other (stage); keep one."),
        ("cls + group", "method 'cls + group': cls and group exclude each other (head); keep one."),
        (
            "cls + crt + cb",
            "method 'cls + crt + cb': crt draws batches that hold every bin alike, a weighting beside it corrects "
            "twice; keep one of them.",
        ),
        (
            "cls + crt + lds",
            "crt draws batches that hold every bin alike, a weighting beside it corrects twice",
        ),
        (
            "group + bmc",
            "method 'group + bmc': bmc corrects a regression over the whole label range, group trains none; leave one "
            "of them out.",
        ),
        (
            "cls + gai",
            "gai corrects a regression over the whole label range, cls trains none; leave one of them",
        ),
        (
            "cls + mse",
            "method 'cls + mse': cls is trained by cross-entropy, the cost mse has no effect; leave it out.",
        ),
        (
            "rrt + bmc + inv",
            "bmc already corrects for the label distribution, a weighting beside it corrects twice",
        ),
        ("vanilla + rrt", "method 'vanilla + rrt': vanilla means the cost and nothing else; leave it out"),
        ("vanilla + cls", "vanilla means the cost and nothing else; leave it out"),
        (
            "rnc(stage=first) + fds",
            "method 'rnc(stage=first) + fds': rnc(stage=first) trains the encoder alone and then holds it still, which "
            "leaves fds nothing to do; leave one of them out.",
        ),
        (
            "rnc(stage=first) + rrt",
            "and then holds it still, which leaves rrt nothing to do; leave one of them out.",
        ),
        (
            "group-contrast(stage=first) + cls + crt",
            "group-contrast(stage=first) trains the encoder alone and then holds it still, which leaves crt nothing",
        ),
        ("hgb + group", "method 'hgb + group': trees have no features for group to act on; leave it out."),
        ("hgb + cls", "method 'hgb + cls': trees have no features for cls to act on; leave it out."),
        ("hgb + rrt", "method 'hgb + rrt': trees have no features for rrt to act on; leave it out."),
        ("hgb + cls + crt", "trees have no features for cls to act on; leave it out."),
        ("hgb + rnc(stage=first)", "trees have no features for rnc to act on; leave it out."),
        ("inv ++ lds", "expected words such as 'sqinv + lds(size=9)', got nothing between the plus signs"),
        ("lds(size=3", "expected words such as 'sqinv + lds(size=9)', got 'lds(size=3'"),
    ],
)
def test_one_sentence_for_each_mistake(text, sentence):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_names_are_their_own_error():
    with pytest.raises(UnknownNameError):
        parse("nonsense")


def test_split_methods_keeps_order_and_drops_blanks():
    assert split_methods("vanilla; sqinv + lds;; bmc ;") == ["vanilla", "sqinv + lds", "bmc"]
