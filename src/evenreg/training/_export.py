"""A trained network as a file that needs torch and nothing else."""

import copy
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn

from evenreg._files import check_new, written_whole
from evenreg.errors import InputError
from evenreg.training._task import RegressionTask

_SMALLEST_SIDE = 16  # of an image


def export_network(
    task: RegressionTask, example: tuple[Tensor, ...], sides: int, path: Path, *, overwrite: bool
) -> None:
    """Write encoder, head and the way back to label units with `torch.export`.

    Args:
        task: A trained task; left as it is.
        example: Inputs of the encoder; two rows, since a batch of one would be taken for fixed.
        sides: How many of the last axes may have other sizes as well, such as the sides of images.
        path: File to write; its name ends in ``.pt2``.
        overwrite: Whether a file there may be replaced.

    Raises:
        InputError: Another ending.
        RunFolderError: The file is there already.
    """
    if path.suffix != ".pt2":
        raise InputError(f"path: expected a file name that ends in .pt2, got {path.name!r}; rename it.")
    check_new(path, overwrite=overwrite)
    batch = torch.export.Dim("batch", min=1)
    side = [torch.export.Dim(f"side{i}", min=_SMALLEST_SIDE) for i in range(sides)]
    sizes = [{0: batch} | dict(zip(range(t.ndim - sides, t.ndim), side, strict=True)) for t in example]
    network = _Network(task).cpu().eval()
    program = torch.export.export(network, example, dynamic_shapes=(tuple(sizes),))
    with written_whole(path) as part, part.open("wb") as file:
        torch.export.save(program, file)


@final
class _Network(nn.Module):
    """A copy of what a task needs to predict, and nothing else of it."""

    def __init__(self, task: RegressionTask) -> None:
        super().__init__()
        parts = (task.encoder, task.head, task.scaler)
        self.encoder, self.head, self.scaler = map(copy.deepcopy, parts)

    def forward(self, *inputs: Tensor) -> Tensor:
        value = self.head(self.encoder(*inputs)).value
        return self.scaler.inverse(value)  # pyright: ignore[reportCallIssue]
