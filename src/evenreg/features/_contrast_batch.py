"""What a contrast is taken over: the joined batch, and how far apart its labels are."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import gather_rows
from evenreg.errors import InputError, TargetError

# Roundings of the largest label that two equal distances may differ by: standardising takes two a label.
_ROUNDINGS = 16


def joined_batch(
    features: Shaped[Tensor, "..."], **labels: Shaped[Tensor, "..."]
) -> tuple[Float[Tensor, "all features"], dict[str, Float[Tensor, "all _"]], Float[Tensor, ""]]:
    """Features and labels of all processes, checked and cast, and a zero that nothing gets past.

    Pairs live in the joined batch: every process contrasts the rows of all, and DistributedDataParallel's mean
    of the gradients is that of one process with the joined batch.

    Args:
        features: ``(batch, ...)``, flattened a row; half precision becomes float32.
        **labels: ``(batch,)`` or ``(batch, out)`` by name, target or prediction; without gradient. Whole
            numbers become float64, half precision float32.

    Returns:
        The features, the labels ``(all, out)`` by name, and ``0 · Σ`` of all of them: added to a loss, it
        carries the gradient of a batch with no pair, and makes it NaN where any of them is.

    Raises:
        ShapeError: Features without a batch axis and another, labels that are not ``(batch, out)``, or another
            number of them.
        InputError: NaN or infinite features or predictions, rows named; TargetError where the target is. On
            an accelerator, where asking would wait for the device, and under ``torch.compile`` the loss is NaN
            instead.
    """
    features = features.flatten(1) if features.ndim > 2 else features
    _check.shape(features, "features", ("batch", "features"), "give one row of features a sample")
    labels = {name: rows.unsqueeze(1) if rows.ndim == 1 else rows for name, rows in labels.items()}
    for name, rows in labels.items():
        _check.shape(rows, name, ("batch", "out"), "give one row of labels a row of features")
    _check.same_length(features=features, **labels)
    joined = gather_rows(features.to(torch.promote_types(features.dtype, torch.float32)))
    joined_labels = {name: gather_rows(_as_float(rows.detach())) for name, rows in labels.items()}
    if features.device.type == "cpu" and not torch.compiler.is_compiling():
        for name, rows in {"features": joined, **joined_labels}.items():
            error = TargetError if name == "target" else InputError
            _check.finite_rows(rows.detach().numpy(), name, _WAYS_OUT[name], error)
    nothing = 0 * joined.sum()
    for rows in joined_labels.values():
        nothing = nothing + 0 * rows.sum().to(nothing.dtype)
    return joined, joined_labels, nothing


_WAYS_OUT = {
    "features": "look for them in the inputs, or lower the learning rate",
    "prediction": "look for them in the inputs, or lower the learning rate",
    "target": "drop or fill them first",
}


def _as_float(labels: Tensor) -> Tensor:
    if labels.is_floating_point():
        return labels.to(torch.promote_types(labels.dtype, torch.float32))
    return labels.to(widest(labels.device))


def widest(device: torch.device) -> torch.dtype:
    """float64, or float32 on a device that may not have it."""
    return torch.float64 if device.type in ("cpu", "cuda") else torch.float32


def label_distance(
    labels: Float[Tensor, "batch out"],
) -> tuple[Float[Tensor, "batch batch"], Float[Tensor, ""]]:
    """Distances |y_i − y_j| between labels, summed over their dimensions (L1), and what of them is rounding.

    Two distances that differ by no more than the second value are equal: 29 and 31 are as far from 30, and must
    be once the labels are standardised.
    """
    largest = labels.abs().amax() if labels.numel() else labels.new_zeros(())
    rounding = _ROUNDINGS * labels.shape[1] * torch.finfo(labels.dtype).eps * largest
    return torch.cdist(labels, labels, p=1), rounding
