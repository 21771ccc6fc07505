"""Sentences on resampling methods: how many rows they were trained on, and why they take no images."""

from collections.abc import Mapping, Sequence

from evenreg._words import parse

#: Why no image is resampled, after the name of the method.
NOT_OF_IMAGES = (
    "resamples the columns of a table, got images, between whose pixels no row makes sense (embeddings of images do: "
    "evenreg.resampling takes them)"
)


def resampled_notes(rows: Mapping[str, Sequence[Mapping[str, int]]]) -> list[str]:
    """How many rows methods were trained on in place of the training rows, a sentence for those that agree.

    Args:
        rows: Facts of `evenreg.training.CellResult.resampled`, one a seed, by method.

    Example:
        >>> facts = {"rows_before": 3211, "rows_after": 3180, "synthetic": 403}
        >>> resampled_notes({"smogn": [facts], "smogn + fds": [facts]})
        ['smogn, smogn + fds: trained on 3,180 rows in place of 3,211, 403 of them made up.']
    """
    told: dict[str, list[str]] = {}
    for method, cells in rows.items():
        before, after, made = (
            _span([cell[name] for cell in cells]) for name in ("rows_before", "rows_after", "synthetic")
        )
        # The encoder of rrt has seen the rows as they are.
        head = "the head " * any(word.name == "rrt" for word in parse(method))
        of_them = "none" if made == "0" else made
        sentence = f"{head}trained on {after} rows in place of {before}, {of_them} of them made up."
        told.setdefault(sentence, []).append(method)
    return [f"{', '.join(methods)}: {sentence}" for sentence, methods in told.items()]


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
