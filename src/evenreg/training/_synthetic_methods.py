"""Rows, modes and priors of the synthetic benchmark; torch-free, so that a command's words are checked at once."""

from collections.abc import Mapping
from typing import NamedTuple, final

SYNTHETIC_MODES = ("converged", "sgd")
SYNTHETIC_PRIORS = ("labels", "generator")


@final
class SyntheticMethod(NamedTuple):
    """A row: its loss, whether the noise scale is learned, and the row's name in papers/002 Table 4.

    ``row`` is empty where the paper has none.
    """

    loss: str
    learn: bool
    row: str


SYNTHETIC_METHODS: Mapping[str, SyntheticMethod] = {
    "vanilla": SyntheticMethod("vanilla", False, "Vanilla"),
    "inv": SyntheticMethod("inv", False, "Reweight"),
    "gai-true": SyntheticMethod("gai", False, "Ours (GAI)†"),
    "bmc-true": SyntheticMethod("bmc", False, "Ours (BMC)†"),
    "bni-true": SyntheticMethod("bni", False, ""),
    "gai": SyntheticMethod("gai", True, "Ours (GAI)"),
    "bmc": SyntheticMethod("bmc", True, "Ours (BMC)"),
    "bni": SyntheticMethod("bni", True, ""),
}
"""Rows of the synthetic benchmark; ``-true`` is given the noise scale that the data were made with."""
