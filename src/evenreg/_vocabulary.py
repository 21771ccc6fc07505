"""The words of a method: the place of each, its arguments, and how their texts are read.

A new word is one entry of ``WORDS``: its place in a method (its role), and its arguments. What words must not stand
beside one another is said in `evenreg._word_rules`, how a method is read in `evenreg._words`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

from evenreg import _check
from evenreg.errors import InputError, UnknownNameError


class Argument(NamedTuple):
    """One argument of a word: its default, and how its text is read (raises `InputError` when it cannot be)."""

    default: Any
    read: Callable[[str, str], Any]


def _number(text: str, name: str) -> float:
    return _check.positive(text, name)


def _number_or_zero(text: str, name: str) -> float:
    return _check.positive(text, name, zero=True)


def _ratio(text: str, name: str) -> float:
    value = _check.number(text, name)
    if value < 1:
        raise InputError(f"{name}: expected a ratio of at least 1, got {text!r}.")
    return value


def _count(text: str, name: str) -> int:
    return _check.integer(text, name, 1)


def _groups(text: str, name: str) -> int:
    return _check.integer(text, name, 2)


def _views(text: str, name: str) -> int:
    value = _check.integer(text, name, 1)
    if value > 2:
        raise InputError(f"{name}: expected 1 or 2 views of a row, got {text!r}.")
    return value


def _epoch(text: str, name: str) -> int:
    return _check.integer(text, name, 0)


def _share(text: str, name: str) -> float:
    return _check.in_range(text, name, 0, 1)


def _alpha(text: str, name: str) -> float:
    return _check.in_range(text, name, 0.01, 1e6)


def _layers(text: str, name: str) -> str:
    """Names of layers, joined by ``/`` since commas part arguments."""
    names = [part.strip() for part in text.split("/")]
    if not all(names):
        raise InputError(f"{name}: expected names of layers such as input/layers.1, got {text!r}.")
    return "/".join(names)


def _two(text: str, name: str) -> tuple[float, float]:
    """Two rising numbers, joined by ``/`` since commas part arguments."""
    low, _, high = text.partition("/")
    try:
        found = _check.positive(low, name, zero=True), _check.positive(high, name)
    except InputError:
        raise InputError(f"{name}: expected two numbers such as 0.5/2, got {text!r}.") from None
    if found[0] > found[1]:
        raise InputError(f"{name}: expected the smaller number first, got {text!r}; write {high}/{low}.")
    return found


def _odd(text: str, name: str) -> int:
    value = _check.integer(text, name, 1)
    if value % 2 == 0:
        raise InputError(f"{name}: expected an odd number of bins (a kernel has a centre), got {text!r}.")
    return value


def _bandwidth(text: str, name: str) -> float | str:
    if text.lower() == "silverman":
        return "silverman"
    try:
        return _check.positive(text, name)
    except InputError:
        raise InputError(
            f"{name}: expected 'silverman' or a number above 0 in label units, got {text!r}."
        ) from None


def _beta_below_one(text: str, name: str) -> float:
    value = _check.in_range(text, name, 0, 1)
    if value == 1:
        raise InputError(f"{name}: expected a number from 0 to below 1, got {text!r}; the limit 1 is inv.")
    return value


def _amount(text: str, name: str) -> int | str:
    """Rows as a whole number, a share in per cent: ``0.5`` is ``50%``."""
    share = text.removesuffix("%")
    try:
        if share == text and not set(text) & set(".eE"):
            return _check.integer(text, name, 0)
        value = _check.positive(share, name, zero=True)
    except InputError:
        raise InputError(
            f"{name}: expected rows as a whole number or a share such as 50%, got {text!r}."
        ) from None
    return f"{value if share != text else value * 100:.15g}%"


def _switch(text: str, name: str) -> bool:
    return _choice("true", "false")(text, name) == "true"


def _choice(*options: str) -> Callable[[str, str], str]:
    def read(text: str, name: str) -> str:
        lowered = text.lower()
        if lowered not in options:
            raise UnknownNameError(f"{name}: got {text!r}; {_check.nearest(text, options)}")
        return lowered

    return read


_COST = _choice("l1", "mse", "huber")
_KERNEL = _choice("gaussian", "folded_gaussian", "laplacian", "triangular")
_BOUNDARY = _choice("zero", "renormalize", "reflect")
# None: the noise scale starts where the trainer finds it (vanilla's validation RMSE, or one SD).
_NOISE = {"noise_sigma": Argument(None, _number), "learn_noise": Argument(True, _switch)}

#: The roles in the order in which a method is written back.
ROLES = (
    "model", "transform", "head", "stage", "cost", "resampling", "mixing", "weighting", "balanced", "smoothing",
    "calibration", "ranking", "contrast",
)  # fmt: skip

# A contrast is a term beside the loss, or all there is to the first of two stages; a second view is another
# version of each row.
_CONTRAST = {"stage": Argument("joint", _choice("joint", "first")), "views": Argument(1, _views)}

# What is rare: extreme labels on both sides or on one, or labels of low density; `lds` beside the word smooths it.
_RARE = {"relevance": Argument("extremes", _choice("extremes", "high", "low", "density"))}
# What counts become before they are a weight: cut to a range, smoothed before or after the power is taken.
_COUNTS = {"clip": Argument(None, _two), "smooth": Argument("counts", _choice("counts", "powered"))}
_REGIONS = {"threshold": Argument(0.8, _share), **_RARE}
_SIZES = {
    "sampling": Argument("balance", _choice("balance", "extreme")),
    "rare": Argument(None, _amount),
    "frequent": Argument(None, _amount),
    "keep_originals": Argument(False, _switch),
}
_NEIGHBOURS = {
    "scale": Argument("range", _choice("range", "sd", "none")),
    "small_regions": Argument("raise", _choice("raise", "keep")),
}

#: Every known word: its role and its arguments.
WORDS: Mapping[str, tuple[str, Mapping[str, Argument]]] = {
    "hgb": ("model", {}),
    "log": ("transform", {}),
    "vanilla": ("cost", {"cost": Argument(None, _COST)}),
    "l1": ("cost", {}),
    "mse": ("cost", {}),
    "huber": ("cost", {"beta": Argument(1.0, _number)}),
    "focal-r": (
        "cost",
        {
            "beta": Argument(0.2, _number),
            "gamma": Argument(1.0, _number_or_zero),
            "cost": Argument("l1", _choice("l1", "mse")),
        },
    ),
    "group": (
        "head",
        {
            "n": Argument(10, _count),
            "routing": Argument("argmax", _choice("argmax", "soft")),
            "bounded": Argument(True, _switch),
            "target": Argument("soft", _choice("soft", "ce", "la")),
            "beta": Argument(1.0, _number),
            "grouping": Argument("uniform", _choice("uniform", "equal_mass")),
            "lambda1": Argument(0.5, _number_or_zero),
            "lambda2": Argument(1.0, _number_or_zero),
        },
    ),
    "cls": ("head", {"decode": Argument("argmax", _choice("argmax", "expectation"))}),
    "rrt": ("stage", {}),
    "crt": ("stage", {}),
    "smoter": ("resampling", {"k": Argument(5, _count), **_REGIONS, **_SIZES, **_NEIGHBOURS}),
    "smogn": (
        "resampling",
        {
            "k": Argument(5, _count),
            "perturbation": Argument(0.02, _number),
            **_REGIONS,
            **_SIZES,
            **_NEIGHBOURS,
        },
    ),
    "gn": ("resampling", {"perturbation": Argument(0.1, _number), **_REGIONS, **_SIZES}),
    "ro": ("resampling", {**_REGIONS, "rare": _SIZES["rare"]}),
    "ru": ("resampling", {**_REGIONS, "sampling": _SIZES["sampling"], "frequent": _SIZES["frequent"]}),
    "wercs": ("resampling", {"over": Argument("50%", _amount), "under": Argument("50%", _amount), **_RARE}),
    "mixup": ("mixing", {"alpha": Argument(0.2, _alpha)}),
    # None: the inputs and the hidden layers that the encoder names.
    "manifold-mixup": ("mixing", {"alpha": Argument(0.2, _alpha), "layers": Argument(None, _layers)}),
    "c-mixup": ("mixing", {"alpha": Argument(2.0, _alpha), "bandwidth": Argument(0.5, _number)}),
    "inv": ("weighting", {"max_ratio": Argument(200.0, _ratio), **_COUNTS}),
    "sqinv": ("weighting", {"max_ratio": Argument(None, _ratio), **_COUNTS}),
    "dense": (
        "weighting",
        {
            "alpha": Argument(1.0, _number_or_zero),
            "bandwidth": Argument("silverman", _bandwidth),
            "max_ratio": Argument(None, _ratio),
        },
    ),
    "cb": ("weighting", {"beta": Argument(0.999, _beta_below_one), "max_ratio": Argument(None, _ratio)}),
    "bmc": ("balanced", _NOISE),
    "gai": ("balanced", {"n": Argument(2, _count), **_NOISE}),
    "bni": ("balanced", _NOISE),
    "lds": (
        "smoothing",
        {
            "kernel": Argument("gaussian", _KERNEL),
            "size": Argument(5, _odd),
            "sigma": Argument(2.0, _number),
            "boundary": Argument("zero", _BOUNDARY),
        },
    ),
    "fds": (
        "calibration",
        {
            "kernel": Argument("gaussian", _KERNEL),
            "size": Argument(5, _odd),
            "sigma": Argument(2.0, _number),
            "momentum": Argument(0.9, _share),
            "start_update": Argument(1, _epoch),
            "start_smooth": Argument(2, _epoch),
            "variance_ratio": Argument((0.1, 10.0), _two),
            "statistics": Argument("stream", _choice("stream", "extra_pass")),
            "covariance": Argument("diagonal", _choice("diagonal", "full")),
        },
    ),
    "ranksim": (
        "ranking",
        {
            # Published: 100, for a ResNet-50 on ages. A batch of a table or of small images ranks 20 rows, of which
            # 100 swaps all: features become parallel. Of 0.1 to 100 this did best on validation rows.
            "gamma": Argument(0.1, _number),
            "interpolation": Argument(2.0, _number),
            "penalty": Argument("mse", _choice("mse", "mae", "huber", "l_inf", "cosine")),
            "similarity": Argument(
                "cosine", _choice("cosine", "correlation", "negative_mse", "negative_mae", "negative_l_inf")
            ),
            "ties": Argument("equal", _choice("equal", "average")),
            "sample": Argument(True, _switch),
            # Published: 1 beside an error in years, which is this in standard deviations of those ages.
            "weight": Argument(0.06, _number),
        },
    ),
    "rnc": (
        "contrast",
        {"temperature": Argument(2.0, _number), "weight": Argument(1.0, _number), **_CONTRAST},
    ),
    "group-contrast": (
        "contrast",
        {
            "n": Argument(10, _groups),
            "temperature": Argument(2.5, _number),
            "weight": Argument(1.0, _number),
            "grouping": Argument("uniform", _choice("uniform", "equal_mass")),
            "similarity": Argument("euclidean", _choice("euclidean", "cosine")),
            **_CONTRAST,
        },
    ),
    "conr": (
        "contrast",
        {
            "window": Argument(0.1, _number),
            "temperature": Argument(0.07, _number),
            "push": Argument(0.16, _number_or_zero),
            "weight": Argument(0.25, _number),
        },
    ),
}


@final
@dataclass(frozen=True)
class Word:
    """A known word with every argument filled in.

    Example:
        >>> from evenreg._words import parse
        >>> (word,) = parse("LDS(size=9, kernel=laplacian)")
        >>> word.args["size"], word.args["sigma"], str(word)
        (9, 2.0, 'lds(kernel=laplacian, size=9)')
    """

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """Its place in a method, one of ``ROLES``."""
        return WORDS[self.name][0]

    def __str__(self) -> str:
        arguments = WORDS[self.name][1]
        told = [f"{k}={_written(v)}" for k, v in self.args.items() if v != arguments[k].default]
        if self.name == "vanilla" and told:
            told = [str(self.args["cost"])]
        return f"{self.name}({', '.join(told)})" if told else self.name

    def __hash__(self) -> int:
        return hash(str(self))


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "/".join(map(_written, value))
    # A row is trained as it is written: no digit may be lost, and a whole number needs no point.
    return repr(value).removesuffix(".0")
