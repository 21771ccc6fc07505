"""What heads that turn labels into classes ask of a batch of labels."""

import torch
from jaxtyping import Shaped
from torch import Tensor

from evenreg import _check
from evenreg.errors import TargetError
from evenreg.labels import LabelSpace


def check_scalar_space(space: LabelSpace, head: str) -> None:
    """An error unless the space holds labels, of one dimension."""
    space.require_labels()
    way_out = "take LinearHead, which takes any number, or a head for each dimension"
    _check.one_dimension(space.dim, head, way_out)


def scalar_target(target: Shaped[Tensor, "..."], rows: int | str, head: str) -> Shaped[Tensor, " batch"]:
    """The labels of a batch ``(rows, 1)`` as ``(rows,)``, checked.

    Raises:
        ShapeError: Other shapes.
        InputError: An empty batch.
        TargetError: NaN or infinite labels, rows named. On an accelerator, where asking would wait for the
            device, and under ``torch.compile`` the loss is NaN instead.
    """
    _check.shape(target, "target", (rows, 1), f"{head} predicts one number a sample, from targets (batch, 1)")
    _check.batch_size(len(target), 1, head, "skip a batch with nothing valid in it")
    if target.device.type == "cpu" and not torch.compiler.is_compiling():
        labels = target.detach().to(torch.float64).numpy()
        _check.finite_rows(labels, "target", "drop or fill them first", TargetError)
    return target[:, 0]
