"""Statistics of paired differences over seeds and rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PairedTest(NamedTuple):
    """Interval and p-value of one mean difference; all None where there is too little to tell."""

    low: float | None
    high: float | None
    p: float | None


def paired_test(
    difference: NDArray[np.float64], weight: NDArray[np.float64] | None = None, level: float = 0.95
) -> PairedTest:
    """Test of a mean difference that would hold for other seeds *and* other test rows.

    Seeds and rows are crossed: seed s shifts all rows, row i is hard in all seeds, and each pair has noise
    of its own. With ``d[s, i]``, row weights w that sum to 1, seed means ``a_s``, row means ``b_i``, mean
    ``m`` and residuals ``r_si = d_si - a_s - b_i + m``,

        V_seed = Σ (a_s - m)² / (S (S - 1)),   V_row = n/(n - 1) Σ w_i² (b_i - m)²,
        V_both = n/(n - 1) Σ w_i² r_si² / (S (S - 1)),
        SE² = max(V_seed, V_row, V_seed + V_row - V_both),

    since V_seed and V_row each hold the noise that V_both measures. It is what a bootstrap of rows and
    columns (the "pigeonhole" bootstrap, Owen 2007, The Annals of Applied Statistics 1(2)) estimates, less
    the noise that bootstrap counts more than once, without random draws. ``m / SE`` is held against
    Student's t with S - 1 degrees of freedom (n - 1 where rows are fewer): with 3 seeds the normal quantile,
    or a plain bootstrap, would call a fifth to a quarter of pure noise a difference.

    Args:
        difference: ``(seeds, n)``.
        weight: ``(n,)``, at least 0; None weighs rows alike.
        level: Of the interval.

    Returns:
        None in all three for one seed, or fewer than two rows of positive weight.

    >>> d = np.array([[1.0, 1.2], [1.1, 0.9], [0.9, 1.1]])
    >>> [round(float(v), 3) for v in paired_test(d)]
    [0.61, 1.457, 0.021]
    """
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
    residual = difference - by_seed[:, None] - by_row + mean
    v_seed = np.square(by_seed - mean).sum() / (seeds * (seeds - 1))
    v_row = n / (n - 1) * (np.square(w) @ np.square(by_row - mean))
    v_both = n / (n - 1) * (np.square(residual) @ np.square(w)).sum() / (seeds * (seeds - 1))
    error = float(np.sqrt(max(v_seed, v_row, v_seed + v_row - v_both)))
    df = min(seeds, n) - 1
    half = float(student.ppf(0.5 + level / 2, df)) * error
    p = float(2 * student.sf(abs(mean) / error, df)) if error > 0 else float(mean == 0)
    return PairedTest(mean - half, mean + half, p)


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
