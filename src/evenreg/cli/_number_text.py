"""Label values as a person would write them: as many decimals as the bins resolve, no more."""

import math

import numpy as np
from numpy.typing import NDArray


def decimals_of(step: float) -> int:
    """How many decimals tell two values apart that lie ``step`` apart.

    Example:
        >>> decimals_of(1), decimals_of(0.25), decimals_of(50), decimals_of(0.1)
        (0, 2, 0, 1)
    """
    if not step > 0 or math.isinf(step):
        return 0
    coarse = max(0, -math.floor(math.log10(step)))
    exact = next((d for d in (coarse, coarse + 1) if abs(round(step, d) - step) <= 1e-6 * step), coarse + 1)
    return exact if step < 1 else min(exact, 1 if step < 10 else 0)


def edge_step(edges: NDArray[np.float64]) -> float:
    """The power of ten that bin edges can be rounded to and not move; the bin width where there is none.

    Example:
        >>> edge_step(np.array([0.95, 1.25])), edge_step(np.array([0.0, 50])), edge_step(np.array([0, 2e-10]))
        (0.01, 1.0, 2e-10)
    """
    width = float(np.diff(edges).min())
    for decimals in range(7):
        if np.all(np.abs(edges - np.round(edges, decimals)) < 1e-3 * width):
            return 10.0**-decimals
    return width


def label_text(value: float, step: float) -> str:
    """``value`` in label units, with thousands separated.

    Args:
        value: The value, in label units.
        step: The bin width it is read at, in label units, above 0.

    Example:
        >>> label_text(1234567.8, 5000), label_text(0.30000000000000004, 0.05), label_text(2.5e-9, 1e-10)
        ('1,234,568', '0.30', '2.5e-09')
        >>> label_text(-0.0001, 1)
        '0'
    """
    decimals = decimals_of(step)
    if decimals > 6 or abs(value) >= 1e15:
        return f"{value:.4g}"
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def span_text(low: float, high: float, step: float, unit: float = 0) -> str:
    """A stretch of the label range; of labels that are multiples of ``unit``, the first and last in it.

    Args:
        low: Where it begins, in label units.
        high: Where it ends; a label there belongs to the next stretch.
        step: The bin width it is read at.
        unit: What all labels are whole multiples of; 0 for labels on no lattice.

    Example:
        >>> span_text(0.5, 2.5, 1, unit=1), span_text(9.5, 10.5, 1, unit=1), span_text(-50, 950, 50, unit=100)
        ('1 to 2', '10', '0 to 900')
        >>> span_text(0.5, 1.0, 0.5)
        '0.5 to 1.0'
    """
    if not unit:
        return f"{label_text(low, step)} to {label_text(high, step)}"
    first, last = math.ceil(low / unit) * unit, (math.ceil(high / unit) - 1) * unit
    return (
        label_text(first, unit) if last <= first else f"{label_text(first, unit)} to {label_text(last, unit)}"
    )


def rows_of(count: int) -> str:
    """``1 row``, ``2 rows``.

    Example:
        >>> rows_of(1), rows_of(1200)
        ('1 row', '1,200 rows')
    """
    return "1 row" if count == 1 else f"{count:,} rows"


def count_text(count: float) -> str:
    """A mean or threshold of rows: three digits, or whole.

    Example:
        >>> count_text(0.8812), count_text(28.57), count_text(1500.4)
        ('0.88', '28.6', '1,500')
    """
    if count >= 99.95 or count == int(count):
        return f"{count:,.0f}"
    return f"{count:.3g}" if count >= 1 else f"{count:.2f}"


def percent(share: float) -> str:
    """A share in percent; what is not nothing never reads as nothing, what is not all never as all.

    Example:
        >>> percent(0.1234), percent(0.00001), percent(0.0), percent(0.9999), percent(1.0)
        ('12.3 %', '< 0.1 %', '0 %', '> 99.9 %', '100 %')
    """
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if share > 0.9995 else f"{100 * share:.1f} %"


def ratio_text(ratio: float) -> str:
    """A factor with two or three digits that count.

    Example:
        >>> ratio_text(1.234), ratio_text(45.6), ratio_text(12345.6)
        ('1.23', '45.6', '12,346')
    """
    return f"{ratio:.3g}" if ratio < 99.95 else f"{ratio:,.0f}"
