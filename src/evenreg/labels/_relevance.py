"""Relevance: how much a label matters because it is extreme, or rare."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels._control_points import control_points, power_of_two
from evenreg.labels._extremes import SIDES, extreme_points, told
from evenreg.labels._kernel_density import KernelDensity
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._lds import LDS

Floats = NDArray[np.float64]

_LISTED = 5  # control points that one line can hold


@final
class Relevance:
    """How much a label matters, from 0 to 1: a curve through control points, constant beyond the outer ones.

    SERA weighs squared errors by it, resampling takes labels above a threshold of it for rare. Between two
    points the curve is a cubic that only rises or only falls, so it stays within 0 and 1. Where no slopes are
    given they are 0 at the ends and PCHIP's between.

    Make one by `fit` (extreme is relevant), `from_density` (rare is relevant) or `from_points` (your own).

    Args:
        points: Two or more rows (label, relevance) or (label, relevance, slope), labels ascending.
        rule: How the points came about; shown by `describe`.

    Attributes:
        points: ``(k, 3)``: label, relevance, slope.

    Raises:
        ShapeError: Points of another shape.
        InputError: Labels that do not ascend, relevances outside 0 to 1 or all 0, slopes that lead the curve
            out of the range of its two points.

    Example:
        >>> relevance = Relevance.fit([*range(1, 20), 60])
        >>> relevance
        Relevance(0 up to 10.5, 1 from 29.5 (adjusted box plot, medcouple 0, 5 % of labels beyond))
        >>> relevance([5, 20, 60]).tolist()
        [0.0, 0.5, 1.0]

    Torgo and Ribeiro 2007 (Utility-Based Regression), Ribeiro 2011 (Utility-based Regression, thesis,
    University of Porto), Ribeiro and Moniz 2020 (Imbalanced regression and extreme value prediction, Machine
    Learning 109): slope 0 at the control points of the box plot, as here.
    """

    def __init__(self, points: ArrayLike, *, rule: str = "points given") -> None:
        self.points, self.rule = control_points(points), str(rule)
        self.points.flags.writeable = False

    @classmethod
    def fit(
        cls, y: "ArrayLike | LabelSpace", extremes: str = "both", coef: float = 1.5, *, adjusted: bool = True
    ) -> "Relevance":
        """Extreme is relevant: 0 at the median, 1 from the fences of the box plot outwards.

        A side without a label beyond its fence has no extremes, and relevance 0 all over. Where neither has
        any, which is common, every relevance would be 0: that is an error, and it says with numbers what to
        change.

        Args:
            y: ``(n,)`` training labels, or their space; beyond 100,000 labels of a space the quartiles and
                the medcouple are its sample's (of log-normal labels the fence then varies by 0.8 %).
            extremes: The sides that can matter: ``both``, ``high`` or ``low``.
            coef: Distance of the fences from the quartiles for symmetric labels, in interquartile ranges.
            adjusted: Whether fences lie further out on the side that labels are skewed to; False is the
                plain box plot, which calls 8 % of log-normal labels extreme in place of 2 %.

        Raises:
            TargetError: NaN, infinite, text or no labels; equal quartiles; no label beyond a fence.
            UnknownNameError: Another ``extremes``.
            InputError: A coef not above 0.

        Hubert and Vandervieren 2008 (the fences). Others put relevance 1 at the last label inside the fence,
        which is off the fence by less than the gap to the next label, but may be the median.
        """
        _check.known(extremes, SIDES, "side of extremes")
        coef = _check.positive(coef, "coef")
        if isinstance(y, LabelSpace):
            y.require_labels()
            labels, low, high = y.scalars(y.sample), y.low, y.high
        else:
            labels = _scalar(_check.labels(y))
            low, high = float(labels.min()), float(labels.max())
        points, rule = extreme_points(labels, low, high, extremes=extremes, coef=coef, adjusted=adjusted)
        return cls(points, rule=rule)

    @classmethod
    def from_points(cls, points: ArrayLike) -> "Relevance":
        """The curve through control points of your own: what you know of the labels.

        Args:
            points: Two or more rows (label, relevance) or (label, relevance, slope), labels ascending.

        Example:
            >>> fever = Relevance.from_points([[37.5, 0], [39, 0.8], [41, 1]])
            >>> fever([36, 37.5, 39, 42]).tolist()
            [0.0, 0.0, 0.8, 1.0]
        """
        return cls(points)

    @classmethod
    def from_density(cls, space: LabelSpace, density: LDS | KernelDensity | None = None) -> "Relevance":
        """Rare is relevant: ``1 - p'(y)``, p' the density scaled to 0 at its least and 1 at its greatest.

        The density is taken at bin centres. Its least and greatest are those of bins that hold training
        labels: the centre of the rarest such bin has relevance 1, as has that of any bin emptier still.

        Args:
            space: The training labels.
            density: `LDS`, which smooths the counts, or `KernelDensity`, which needs no fit before; None for
                ``LDS(boundary="renormalize")``: with zero beyond the ends, even labels would be rarest there.

        Raises:
            TargetError: A space without labels, or with the same density everywhere.
            InputError: Labels in place of their space.

        Example:
            >>> space = LabelSpace.fit([1] * 9 + [2] * 5 + [3])
            >>> Relevance.from_density(space, LDS(size=1))([1, 2, 3]).tolist()
            [0.0, 0.5, 1.0]

        Steininger et al. 2021 (Density-based weighting for imbalanced regression, Machine Learning 110): the
        normalised density.
        """
        if not isinstance(space, LabelSpace):
            raise InputError(
                f"space: expected the LabelSpace of the training labels, got {type(space).__name__}; make one "
                "with LabelSpace.fit(y)."
            )
        space.require_labels()
        density = LDS(boundary="renormalize") if density is None else density
        centers = space.bins.centers
        if isinstance(density, KernelDensity):
            p = KernelDensity(density.bandwidth).fit(space).at(centers)
        else:
            p = density.smooth(space.counts)
        seen = p[space.counts > 0]
        least, greatest = float(seen.min()), float(seen.max())
        if not greatest > least * (1 + 1e-9):  # else rounding would decide
            raise TargetError(
                f"space: expected labels that are rarer in some bins than in others, got one density in all "
                f"{len(seen):,} bins that hold any; say what matters with Relevance.from_points."
            )
        relevance = np.clip((greatest - p) / (greatest - least), 0, 1)
        return cls(np.column_stack([centers, relevance]), rule=f"1 - density in {len(p):,} bins, {density!r}")

    def __call__(self, y: ArrayLike) -> Floats:
        """The relevance of each label, ``(n,)``.

        Args:
            y: ``(n,)`` labels; of labels of several dimensions the coordinate, ``space.scalars(y)``.

        Raises:
            TargetError: NaN, infinite or text labels.
            ShapeError: Labels of several dimensions.
        """
        from scipy.interpolate import CubicHermiteSpline

        labels, relevance, slopes = self.points.T
        inside = np.clip(_scalar(_check.labels(y, empty=True)), labels[0], labels[-1])
        unit = power_of_two(labels)
        return np.clip(CubicHermiteSpline(labels / unit, relevance, slopes * unit)(inside / unit), 0, 1)

    def describe(self) -> str:
        """The control points in label units (the extreme ones of many) and their rule, in one line."""
        labels, relevance, _ = self.points.T
        last = len(labels) - 1
        shown = (
            range(last + 1) if last < _LISTED else sorted({int(relevance.argmin()), int(relevance.argmax())})
        )
        where = {0: "up to", last: "from"}
        curve = (f"{relevance[i]:.3g} {where.get(i, 'at')} {told(float(labels[i]))}" for i in shown)
        return f"{', '.join(curve)} ({self.rule})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` takes back, fit for JSON."""
        return {"points": self.points.tolist(), "rule": self.rule}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "Relevance":
        """The relevance that `to_dict` described."""
        return cls(state["points"], rule=state["rule"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Relevance) and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash(self.points.tobytes())

    def __repr__(self) -> str:
        return f"Relevance({self.describe()})"


def _scalar(labels: Floats) -> Floats:
    if labels.ndim != 1:
        raise ShapeError(
            f"y: expected one label a row, got shape {labels.shape}; give their coordinate, space.scalars(y)."
        )
    return labels
