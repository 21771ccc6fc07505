"""What matters where nobody says."""

from evenreg.errors import TargetError
from evenreg.labels import LabelSpace, Relevance


def default_relevance(space: LabelSpace) -> Relevance | None:
    """Extreme is relevant; without extremes rare is; where no label is rarer than others, nothing.

    Box plots find no extremes in bounded scores, and often none in small skewed tables (4 of the 8 tables that
    the resampling literature uses): a SERA of 0 would read as perfect there.

    >>> default_relevance(LabelSpace.fit([*range(1, 20), 60]))
    Relevance(0 up to 10.5, 1 from 29.5 (adjusted box plot, medcouple 0, 5 % of labels beyond))
    >>> default_relevance(LabelSpace.fit([1, 2, 3, 4, 5])) is None
    True
    """
    for make in (Relevance.fit, Relevance.from_density):
        try:
            return make(space)
        except TargetError:
            continue
    return None
