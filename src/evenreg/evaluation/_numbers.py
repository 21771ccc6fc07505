"""Numbers as text: three significant digits, one count of decimals for a column."""

import math
from collections.abc import Sequence


def power_of_ten(values: Sequence[float]) -> int:
    """The power of 1,000 to divide a table by, 0 where its numbers read well as they are.

    The median magnitude decides: from 0.1 to 10,000 nothing is divided.

    >>> power_of_ten([3.1, 12.4]), power_of_ten([0.031, 0.2, 0.02]), power_of_ten([2.1e8])
    (0, -3, 6)
    """
    sizes = sorted(abs(v) for v in values if v)
    middle = sizes[len(sizes) // 2] if sizes else 1.0
    return 0 if 0.1 <= middle < 1e4 else 3 * math.floor(math.log10(middle) / 3)


def decimals(values: Sequence[float]) -> int:
    """Decimals that show three significant digits of the smallest value and at most four of the largest.

    >>> decimals([1.21, 0.954]), decimals([131.0, 56.5]), decimals([])
    (3, 1, 0)
    """
    sizes = [abs(v) for v in values if v]
    if not sizes:
        return 0
    return max(0, min(2 - math.floor(math.log10(min(sizes))), 3 - math.floor(math.log10(max(sizes)))))


def fixed(value: float, places: int) -> str:
    """``value`` with ``places`` decimals, or as ``1.2e-05`` where those would show nothing of it.

    >>> fixed(1.2345, 2), fixed(0.0012, 1)
    ('1.23', '1.2e-03')
    """
    if value and abs(value) < 10.0**-places:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


def short(value: float) -> str:
    """A number inside a sentence, to three significant digits.

    >>> short(3.9071), short(12834.2), short(0.00004), short(0.0)
    ('3.91', '12,800', '4e-05', '0')
    """
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    places = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(0, places)}f}"
