"""The options ``--many`` and ``--few``, which verbs share."""

from typing import TYPE_CHECKING

from evenreg.errors import InputError

if TYPE_CHECKING:
    from evenreg.labels import ShotRegions


def regions_from(many: float | None, few: float | None) -> "ShotRegions":
    """Regions by counts of training rows a bin, or relative to the uniform count where none are given.

    Raises:
        InputError: One of the two without the other, or ``many`` below ``few``.

    Example:
        >>> regions_from(100, 20)
        ShotRegions(many=100, few=20, gap=5)
    """
    from evenreg.labels import ShotRegions

    if many is not None and few is not None:
        return ShotRegions(many=many, few=few)
    if many is None and few is None:
        return ShotRegions.relative()
    raise InputError(
        f"expected both many and few, or neither, got {'many' if few is None else 'few'} only; they are "
        "counts of training rows in a bin."
    )
