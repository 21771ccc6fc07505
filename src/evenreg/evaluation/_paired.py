"""Statistics of paired differences over seeds and rows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class PairedTest(NamedTuple):
    """Interval and p-value of one mean difference; all None where there is too little to tell."""

    low: float | None
    high: float | None
    p: float | None


_SMALLEST_P = 1e-12


def paired_test(
    difference: NDArray[np.float64], weight: NDArray[np.float64] | None = None, level: float = 0.95
) -> PairedTest:
    """Test of a mean difference that would hold for other seeds *and* other test rows.

    Seeds and rows are crossed: seed s shifts all rows, row i is hard in all seeds, and each pair has noise
    of its own. With ``d[s, i]``, row weights w that sum to 1, seed means ``a_s``, row means ``b_i`` and mean m,

        V_seed = Σ (a_s - m)² / (S (S - 1)),   V_row = n/(n - 1) Σ w_i² (b_i - m)²,

    the half-width of the interval is ``sqrt(t_{S-1}² V_seed + t_{n-1}² V_row)``: each source of noise is held
    against Student's t of the degrees of freedom it was itself estimated with (Howe 1974, JASA 69:789; with row
    weights n is their effective number, ``1 / Σ w_i²``). The variance is that of a bootstrap of seeds and rows
    (the "pigeonhole" bootstrap, Owen 2007, The Annals of Applied Statistics 1(2)) without random draws; noise
    of single pairs is in both terms, which errs towards marking nothing.

    One t with S - 1 degrees of freedom for both terms keeps the level too, but with 3 seeds hides
    differences of nine standard errors that come from few test rows and hardly vary between seeds; the
    normal quantile, or a plain bootstrap, calls a fifth to a quarter of pure noise a difference, and
    Satterthwaite's degrees of freedom up to a tenth.

    Args:
        difference: ``(seeds, n)``.
        weight: ``(n,)``, at least 0; None weighs rows alike.
        level: Of the interval.

    Returns:
        None in all three for one seed, or fewer than two rows of positive weight.

    >>> d = np.array([[1.0, 1.2], [1.1, 0.9], [0.9, 1.1]])
    >>> [round(float(v), 3) for v in paired_test(d)]
    [0.586, 1.48, 0.021]
    """
    from scipy.optimize import brentq
    from scipy.stats import t as student

    if weight is not None:
        used = weight > 0
        difference, weight = difference[:, used], weight[used]
    seeds, n = difference.shape
    if seeds < 2 or n < 2:
        return PairedTest(None, None, None)
    w = np.full(n, 1 / n) if weight is None else weight / weight.sum()
    by_seed, by_row = difference @ w, difference.mean(axis=0)
    mean = float(by_row @ w)
    v_seed = float(np.square(by_seed - mean).sum() / (seeds * (seeds - 1)))
    v_row = float(n / (n - 1) * (np.square(w) @ np.square(by_row - mean)))
    rows = max(1 / float(w @ w) - 1, 1.0)

    def half(p: float) -> float:
        """Half-width of the interval of level 1 - p."""
        return float(
            np.hypot(student.isf(p / 2, seeds - 1) * v_seed**0.5, student.isf(p / 2, rows) * v_row**0.5)
        )

    if v_seed + v_row == 0:
        p = float(mean == 0)
    elif half(_SMALLEST_P) <= abs(mean):
        p = _SMALLEST_P
    else:  # the p at which the interval just reaches 0
        root: Any = brentq(lambda q: half(q) - abs(mean), _SMALLEST_P, 1.0)
        p = float(root)
    return PairedTest(mean - half(1 - level), mean + half(1 - level), p)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's step-down adjustment of p-values for testing several at once.

    ``p~_(k) = max_{j <= k} min(1, (K - j + 1) p_(j))`` over the sorted values; NaN (not tested) does not
    count (Holm 1979, A simple sequentially rejective multiple test procedure).

    >>> holm(np.array([0.01, 0.04, 0.03, np.nan]))
    array([0.03, 0.06, 0.06,  nan])
    """
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
