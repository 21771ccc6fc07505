"""Predictions to numbers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check, metrics
from evenreg.errors import InputError
from evenreg.evaluation._bin_scores import BinScores
from evenreg.evaluation._bootstrap import Rows, intervals
from evenreg.evaluation._default_relevance import default_relevance
from evenreg.evaluation._evaluation import Evaluation
from evenreg.evaluation._own import own_weight
from evenreg.evaluation._region_scores import RegionScores
from evenreg.labels import LabelSpace, Relevance, ShotRegions
from evenreg.metrics._inputs import pair, per_row

_OVER_ROWS = {f.__name__: f for f in (metrics.mae, metrics.mse, metrics.rmse, metrics.gm)}
_CORRELATIONS = {f.__name__: f for f in (metrics.pearson, metrics.spearman)}
_OVER_BINS = {f.__name__: f for f in (metrics.bmae, metrics.brmse)}


def evaluate(
    target: ArrayLike,
    prediction: ArrayLike,
    space: LabelSpace,
    regions: ShotRegions | None = None,
    *,
    relevance: Relevance | None = None,
    random_state: int = 0,
) -> Evaluation:
    """Errors of predictions from any model, by how many training labels there are near each test label.

    Args:
        target: Test labels ``(n,)``, or ``(n, d)`` for a space with a coordinate.
        prediction: The same shape, label units; from any model.
        space: The training labels.
        regions: What many, medium and few mean; default `ShotRegions.relative`, in units of the uniform
            count.
        relevance: What `sera` weighs squared errors by; default `Relevance.fit` of the space (extreme is
            relevant), where that finds no extremes `Relevance.from_density` (rare is relevant), where labels
            are equally dense none, and `sera` is NaN. Of labels of several dimensions it is a function of
            their coordinate.
        random_state: Seed of the bootstrap.

    Returns:
        Metrics `mae mse rmse gm pearson spearman bmae brmse sera` of the regions `all many medium few zero
        interpolation extrapolation` (`zero` is the last two together; an empty region has n = 0 and NaN),
        errors per bin, and the error on the person's own distribution (`own_weight`). Of labels of several
        dimensions, errors are averaged over dimensions, correlations too. `sera` is a sum: it grows with the
        rows, and those of the regions add up to that of all.

    Raises:
        InputError: Training labels in place of their `LabelSpace`, numbers in place of a `Relevance`.
        ShapeError: Lengths or shapes that differ.
        TargetError: NaN or infinite predictions or targets, by row.

    >>> from evenreg.labels import Bins, LabelSpace
    >>> y_train = [1] * 50 + [2] * 50 + [3] * 5
    >>> space = LabelSpace.fit(y_train, Bins.uniform(0.5, 3.5, 1))
    >>> ev = evaluate([1, 2, 3, 3], [1.1, 2.0, 2.0, 2.6], space)
    >>> ev["few"].n, ev["few"]["mae"], ev["zero"].n, round(ev.own["mae"], 3)
    (2, 0.7, 0, 0.081)
    """
    if not isinstance(space, LabelSpace):
        raise InputError(
            f"space: expected the LabelSpace of the training labels, got {type(space).__name__}; make one with "
            "LabelSpace.fit(y_train)."
        )
    if not (relevance is None or isinstance(relevance, Relevance)):
        raise InputError(
            f"relevance: expected a Relevance, got {type(relevance).__name__}; make one with "
            "Relevance.from_points."
        )
    t, p = pair(target, prediction)
    for name, values in (("target", t), ("prediction", p)):
        _check.squares_fit(values, name, tiny=True)
    regions = ShotRegions.relative() if regions is None else regions
    index = space.index(t)
    assigned = np.asarray(regions.assign(t, space))
    relevance = default_relevance(space) if relevance is None else relevance
    phi = None if relevance is None else relevance(space.scalars(t))
    everything = np.ones(len(t), dtype=bool)
    masks = {"all": everything} | {name: assigned == name for name in ("many", "medium", "few")}
    outside = {name: assigned == name for name in ("interpolation", "extrapolation")}
    masks["zero"] = outside["interpolation"] | outside["extrapolation"]
    masks |= outside

    generators = np.random.default_rng(random_state).spawn(len(masks) + 1)
    scores = {
        name: _scores(name, t[mask], p[mask], index[mask], None if phi is None else phi[mask], generator)
        for (name, mask), generator in zip(masks.items(), generators, strict=False)
    }
    weight = own_weight(t, space)
    kept = weight > 0
    own = _own_scores(t[kept], p[kept], index[kept], weight[kept], generators[-1])
    bins = _bin_scores(t, p, index, space)
    return Evaluation(scores, bins, own, str(regions.describe(space)), relevance)


def _rows(
    t: NDArray[np.float64],
    p: NDArray[np.float64],
    index: NDArray[np.int64],
    weight: NDArray[np.float64] | None = None,
    relevance: NDArray[np.float64] | None = None,
) -> Rows:
    return Rows(t.reshape(len(t), -1), p.reshape(len(p), -1), index, weight, relevance)


def _scores(
    name: str,
    t: NDArray[np.float64],
    p: NDArray[np.float64],
    index: NDArray[np.int64],
    relevance: NDArray[np.float64] | None,
    generator: np.random.Generator,
) -> RegionScores:
    if not len(t):
        return RegionScores(name, 0, dict.fromkeys([*_OVER_ROWS, *_CORRELATIONS, *_OVER_BINS, "sera"]), {})
    values = {metric: f(t, p) for metric, f in (_OVER_ROWS | _CORRELATIONS).items()}
    values |= {metric: f(t, p, index) for metric, f in _OVER_BINS.items()}
    values["sera"] = np.nan if relevance is None else metrics.sera(t, p, relevance)
    spans = intervals(_rows(t, p, index, relevance=relevance), generator, values["spearman"])
    return RegionScores(name, len(t), _none_for_nan(values), spans)


def _own_scores(
    t: NDArray[np.float64],
    p: NDArray[np.float64],
    index: NDArray[np.int64],
    weight: NDArray[np.float64],
    generator: np.random.Generator,
) -> RegionScores:
    if not len(t):
        return RegionScores("own", 0, dict.fromkeys(("mae", "mse", "rmse")), {})
    absolute = float(np.average(per_row(np.abs(p - t)), weights=weight))
    squared = float(np.average(per_row(np.square(p - t)), weights=weight))
    values = {"mae": absolute, "mse": squared, "rmse": float(np.sqrt(squared))}
    return RegionScores("own", len(t), values, intervals(_rows(t, p, index, weight), generator))


def _bin_scores(
    t: NDArray[np.float64], p: NDArray[np.float64], index: NDArray[np.int64], space: LabelSpace
) -> BinScores:
    """Rows beyond the outer edges are in none: they would be taken for those of an edge bin."""
    bins = space.bins
    inside = bins.contains(space.scalars(t))
    none = np.full(len(bins), np.nan)
    errors = (
        metrics.bin_errors(t[inside], p[inside], index[inside], len(bins))
        if inside.any()
        else metrics.BinErrors(np.zeros(len(bins), dtype=np.int64), none, none, none)
    )
    return BinScores(
        low=bins.edges[:-1],
        high=bins.edges[1:],
        center=bins.centers,
        training=space.counts.copy(),
        n=errors.n,
        mae=errors.mae,
        bias=errors.bias,
    )


def _none_for_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(v) else v for name, v in values.items()}
