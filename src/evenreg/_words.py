"""The grammar of a method: ``"SQINV + LDS(size=9)"`` to words with checked arguments, and back.

A method is a sum of words; a word is a name with arguments in brackets, by position or by name; case and
spaces do not matter. Nothing here loads torch, so that `evenreg.sample_weight` and the command line can
check a method before anything heavy is imported.

    method    := word ("+" word)*
    word      := name [ "(" [argument ("," argument)*] ")" ]
    argument  := [name "="] value

A new word is one `Word` in ``WORDS``: its place in a method (its role), and its arguments.
"""

import re
from collections.abc import Callable, Mapping, Sequence
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
    "model", "transform", "head", "stage", "cost", "weighting", "balanced", "smoothing", "calibration", "ranking",
    "contrast",
)  # fmt: skip

# A contrast is a term beside the loss, or all there is to the first of two stages; a second view is another
# version of each row.
_CONTRAST = {"stage": Argument("joint", _choice("joint", "first")), "views": Argument(1, _views)}

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
    "inv": ("weighting", {"max_ratio": Argument(200.0, _ratio)}),
    "sqinv": ("weighting", {"max_ratio": Argument(None, _ratio)}),
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
            "statistics": Argument("stream", _choice("stream", "extra_pass")),
            "covariance": Argument("diagonal", _choice("diagonal", "full")),
        },
    ),
    "ranksim": (
        "ranking",
        {
            "gamma": Argument(100.0, _number),
            "interpolation": Argument(2.0, _number),
            "penalty": Argument("mse", _choice("mse", "mae", "huber", "l_inf", "cosine")),
            "similarity": Argument(
                "cosine", _choice("cosine", "correlation", "negative_mse", "negative_mae", "negative_l_inf")
            ),
            "ties": Argument("equal", _choice("equal", "average")),
            "sample": Argument(True, _switch),
            # Published: 1 beside an error in years, 0.06 in standard deviations of those ages, for a ResNet-50. Small
            # encoders lose by that, several times over; a tenth of it loses nothing on validation rows.
            "weight": Argument(0.006, _number),
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
        >>> word, = parse("LDS(size=9, kernel=laplacian)")
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
    if isinstance(value, bool | str):
        return str(value).lower()
    # A row is trained as it is written: no digit may be lost, and a whole number needs no point.
    return repr(value).removesuffix(".0")


_WORD = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*(?:\((?P<args>[^()]*)\))?\s*\Z")


def _split(text: str, mark: str) -> list[str]:
    """``text`` at every ``mark`` outside brackets."""
    return re.split(re.escape(mark) + r"(?![^(]*\))", text)


def split_methods(text: str) -> list[str]:
    """``"vanilla; sqinv + lds"`` at its semicolons, empty parts dropped."""
    return [part.strip() for part in text.split(";") if part.strip()]


def parse(text: str) -> tuple[Word, ...]:
    """The words of one method, in writing order (`ROLES`), arguments checked and filled in.

    Args:
        text: For instance ``"SQINV + LDS(size=9)"``; case and spaces do not matter.

    Raises:
        UnknownNameError: A word, argument or option nobody knows; the nearest known one is offered.
        InputError: A word that cannot be read, a word given twice, or words that contradict each other.

    Example:
        >>> [str(word) for word in parse("lds + SQINV")]
        ['sqinv', 'lds']
    """
    words = [_word(part, text) for part in _split(text, "+")]
    words.sort(key=lambda word: ROLES.index(word.role))
    _check_together(words, text)
    return tuple(words)


def _word(part: str, whole: str) -> Word:
    match = _WORD.match(part)
    if match is None:
        got = repr(part.strip()) if part.strip() else "nothing between the plus signs"
        raise InputError(
            f"method {whole!r}: expected words such as 'sqinv + lds(size=9)', got {got}; "
            "write name(argument=value) and join words by +."
        )
    name = match["name"].lower().replace("_", "-")
    _check.known(name, WORDS, "method word")
    arguments = WORDS[name][1]
    args = {key: argument.default for key, argument in arguments.items()}
    given: set[str] = set()
    for position, item in enumerate(filter(str.strip, (match["args"] or "").split(","))):
        key, _, value = (s.strip() for s in item.rpartition("="))
        if not key:
            if position >= len(arguments):
                raise InputError(
                    f"{name}: takes {len(arguments)} argument(s), got {match['args']!r}; leave the rest out."
                )
            key = list(arguments)[position]
        key = key.lower().replace("-", "_")
        if key not in arguments:
            way_out = _check.nearest(key, arguments) if arguments else "it takes none."
            raise UnknownNameError(f"{name} has no argument {key!r}; {way_out}")
        if key in given:
            raise InputError(f"{name}: argument {key!r} is given twice; keep one.")
        given.add(key)
        args[key] = arguments[key].read(value, f"{name}({key})")
    return Word(name, args)


def _check_together(words: list[Word], text: str) -> None:
    """An `InputError` for words that cannot act together, so that none is silently without effect."""
    names = [w.name for w in words]
    roles = [w.role for w in words]
    for role in roles:
        same = [w.name for w in words if w.role == role]
        if len(same) > 1:
            raise InputError(f"method {text!r}: {' and '.join(same)} exclude each other ({role}); keep one.")
    if "vanilla" in names and set(roles) - {"cost", "transform"}:
        raise InputError(
            f"method {text!r}: vanilla means the cost and nothing else; leave it out "
            "(published 'vanilla + lds' is sqinv + lds on ages, inv + lds elsewhere)."
        )
    if "dense" in names and "smoothing" in roles:
        raise InputError(
            f"method {text!r}: dense weighs by a density that is smooth already, lds has no counts to smooth; "
            "leave it out, dense(bandwidth=) smooths more."
        )
    if "stage" in roles or "head" in roles:
        _check_stages(words, text)
    if "balanced" in roles:
        balanced = names[roles.index("balanced")]
        if "weighting" in roles:
            raise InputError(
                f"method {text!r}: {balanced} already corrects for the label distribution, a weighting "
                "beside it corrects twice; keep one of them."
            )
        if "cost" in roles:
            raise InputError(
                f"method {text!r}: {balanced} is a cost itself (squared error); leave the other one out."
            )
        if "smoothing" in roles and balanced != "bni":
            raise InputError(
                f"method {text!r}: {balanced} has no binned density for lds to smooth; use bni + lds."
            )
    if "calibration" in roles:
        fds = words[roles.index("calibration")]
        if fds.args["start_smooth"] <= fds.args["start_update"]:
            raise InputError(
                f"method {text!r}: fds smooths what it has observed, expected start_smooth after start_update, "
                f"got {fds.args['start_smooth']} and {fds.args['start_update']}."
            )
    if (first := contrast_first(words)) is not None:
        idle = next((n for n in names if n in ("fds", "rrt", "crt")), None)
        if idle is not None:
            raise InputError(
                f"method {text!r}: {first.name}(stage=first) trains the encoder alone and then holds it still, which "
                f"leaves {idle} nothing to do; leave one of them out."
            )
    if "hgb" in names:
        of_features = [
            n for n in names if WORDS[n][0] in ("head", "stage", "calibration", "ranking", "contrast")
        ]
        if of_features:
            raise InputError(
                f"method {text!r}: trees have no features for {of_features[0]} to act on; leave it out."
            )
        if "balanced" in roles:
            raise InputError(
                f"method {text!r}: hgb takes sample weights, not Balanced MSE; use hgb + sqinv + lds."
            )
        costs = [n for n in names if WORDS[n][0] == "cost"]
        if costs and costs[0] not in ("l1", "mse"):
            raise InputError(
                f"method {text!r}: hgb knows the costs l1 and mse, got {costs[0]}; choose one of them."
            )


def contrast_first(words: Sequence[Word]) -> Word | None:
    """The contrast that is a first stage of its own, if one is."""
    return next((word for word in words if word.args.get("stage") == "first"), None)


def _check_stages(words: list[Word], text: str) -> None:
    """An `InputError` for heads and second stages beside words that would have no effect, or a wrong one."""
    by_role = {word.role: word.name for word in words}
    head, stage = by_role.get("head"), by_role.get("stage")
    if stage == "crt" and head != "cls":
        raise InputError(
            f"method {text!r}: crt re-trains the classifier of a first stage, which is cls; write cls + crt, or rrt "
            "to re-train a regressor."
        )
    if stage == "rrt" and head is not None:
        way_out = "write cls + crt" if head == "cls" else "leave one of them out"
        raise InputError(f"method {text!r}: rrt re-trains a linear regressor, {head} is none; {way_out}.")
    if stage == "crt" and ("weighting" in by_role or "smoothing" in by_role):
        raise InputError(
            f"method {text!r}: crt draws batches that hold every bin alike, a weighting beside it corrects twice; "
            "keep one of them."
        )
    if head is not None and "balanced" in by_role:
        raise InputError(
            f"method {text!r}: {by_role['balanced']} corrects a regression over the whole label range, {head} trains "
            "none; leave one of them out."
        )
    if head == "cls" and "cost" in by_role:
        raise InputError(
            f"method {text!r}: cls is trained by cross-entropy, the cost {by_role['cost']} has no effect; leave it "
            "out."
        )
