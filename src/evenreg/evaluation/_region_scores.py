"""The metrics of one region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from evenreg import _check
from evenreg.errors import InputError
from evenreg.evaluation._bootstrap import LEVELS


@final
@dataclass(frozen=True)
class RegionScores:
    """Metrics of the test rows in one region, with intervals.

    ``scores["mae"]`` is a float, NaN where the metric is undefined (no rows, or a correlation of constants).

    Attributes:
        name: The region.
        n: Test rows in it.
        values: Metric to number, None where undefined.
        intervals: Metric to level to ``(low, high)``; what has none is left out.
    """

    name: str
    n: int
    values: Mapping[str, float | None]
    intervals: Mapping[str, Mapping[float, tuple[float, float]]]

    def __getitem__(self, metric: str) -> float:
        value = self.values[_check.known(metric, self.values, "metric")]
        return float("nan") if value is None else value

    def interval(self, metric: str, level: float = 0.95) -> tuple[float, float]:
        """Where the metric would lie on other test rows of the same kind; the model is taken as given.

        So are, for `bmae` and `brmse`, the bins that hold test rows.

        Args:
            metric: One of `values`.
            level: 0.8, 0.9, 0.95 or 0.99.

        Returns:
            ``(low, high)`` in the metric's unit; NaN with fewer than two rows or an undefined metric.

        Raises:
            UnknownNameError: An unknown metric.
            InputError: Another level.
        """
        _check.known(metric, self.values, "metric")
        if level not in LEVELS:
            raise InputError(f"level: expected one of {', '.join(map(str, LEVELS))}, got {level!r}.")
        return self.intervals.get(metric, {}).get(level, (float("nan"), float("nan")))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; undefined metrics are null."""
        spans = {m: {str(k): list(v) for k, v in levels.items()} for m, levels in self.intervals.items()}
        return {"name": self.name, "n": self.n, "values": dict(self.values), "intervals": spans}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RegionScores":
        """What `to_dict` wrote."""
        spans = {
            m: {float(k): (v[0], v[1]) for k, v in levels.items()} for m, levels in data["intervals"].items()
        }
        return cls(data["name"], data["n"], dict(data["values"]), spans)
