"""What `evaluate` finds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from evenreg import _check
from evenreg.errors import InputError
from evenreg.evaluation._bin_scores import BinScores
from evenreg.evaluation._region_scores import RegionScores
from evenreg.labels import Relevance

FORMAT = "evenreg.evaluation/1"


@final
@dataclass(frozen=True, repr=False)
class Evaluation:
    """Errors of one set of predictions, by region, by bin, and on the person's own distribution.

    ``ev["few"]["mae"]`` is a float, ``ev["few"].n`` the rows behind it, ``ev["few"].interval("mae")`` what
    other test rows could give. ``print(ev)`` gives the errors by region.

    Attributes:
        regions: `all many medium few zero interpolation extrapolation`; `zero` is the last two together.
        bins: Error and bias per bin.
        own: Error with the test rows weighted to the training distribution (`mae`, `mse`, `rmse`): what a
            person sees on data like their own, whatever the test set looks like.
        thresholds: What many, medium and few mean here, in rows per bin.
        relevance: What `sera` weighs squared errors by; None where there is none, and in what older versions
            wrote, which has no `sera`.
    """

    regions: Mapping[str, RegionScores]
    bins: BinScores
    own: RegionScores
    thresholds: str
    relevance: Relevance | None = None

    def __getitem__(self, region: str) -> RegionScores:
        return self.regions[_check.known(region, self.regions, "region")]

    def __str__(self) -> str:
        from evenreg.evaluation._region_text import region_text

        return region_text(self)

    # What a notebook shows of the last line of a cell; the fields would fill several screens.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        from evenreg.evaluation._html import evaluation_html

        return evaluation_html(self)

    def to_json(self) -> str:
        """Text that `from_json` turns into an equal evaluation; undefined numbers are null."""
        data = {
            "format": FORMAT,
            "thresholds": self.thresholds,
            "relevance": None if self.relevance is None else self.relevance.to_dict(),
            "regions": [scores.to_dict() for scores in self.regions.values()],
            "own": self.own.to_dict(),
            "bins": self.bins.to_dict(),
        }
        return json.dumps(data, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """The evaluation that `to_json` wrote.

        Raises:
            InputError: ``text`` is something else.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise KeyError
            regions = {scores["name"]: RegionScores.from_dict(scores) for scores in data["regions"]}
            own, bins = RegionScores.from_dict(data["own"]), BinScores.from_dict(data["bins"])
            stated = data.get("relevance")
            relevance = None if stated is None else Relevance.from_dict(stated)
            return cls(regions, bins, own, data["thresholds"], relevance)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError(
                f"text: expected JSON of format {FORMAT!r} from to_json(), got something else."
            ) from None
