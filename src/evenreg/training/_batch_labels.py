"""The labels of a batch, wherever it keeps them."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from evenreg.errors import InputError

KEYS = ("labels", "target")


def batch_labels(batch: Any, find: Callable[[Any], Any] | None = None) -> Tensor:
    """The second element of a tuple or list, what a mapping has under "labels" or "target", or what ``find`` says.

    Args:
        batch: What a loader gives.
        find: A function from the batch to its labels.

    Raises:
        InputError: No tensor there.

    Example:
        >>> import torch
        >>> y = torch.tensor([1.0, 2.0])
        >>> batch_labels(("inputs", y)), batch_labels({"x": "inputs", "labels": y})
        (tensor([1., 2.]), tensor([1., 2.]))
        >>> batch_labels({"age": y}, find=lambda batch: batch["age"])
        tensor([1., 2.])
    """
    labels = (find or _by_habit)(batch)
    if isinstance(labels, Tensor):
        return labels
    where = "from target=" if find else "as the batch's second element or under 'labels' or 'target'"
    raise InputError(
        f"target: expected a tensor of labels {where}, got {_told(batch if labels is None else labels)}; "
        "say where they are, as in target=lambda batch: batch['age']."
    )


def _by_habit(batch: Any) -> Any:
    if isinstance(batch, Mapping):
        return next((batch[key] for key in KEYS if key in batch), None)
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        return batch[1]
    return None


def _told(found: Any) -> str:
    if isinstance(found, Mapping):
        return f"a batch of {', '.join(map(repr, found)) or 'nothing'}"
    return type(found).__name__
