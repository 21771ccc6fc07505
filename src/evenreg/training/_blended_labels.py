"""The labels that a loss meets where the rows of a batch are blended."""

import torch
from jaxtyping import Float
from numpy.typing import NDArray

from evenreg.mixing import AbstractMixing

_ENOUGH = 100_000  # labels say where a mixture of normals lies to a hundredth of its width


def blended_labels(
    y: Float[NDArray, " rows"], mixing: AbstractMixing, batch_size: int
) -> Float[NDArray, " labels"]:
    """A large sample of blended labels, drawn batch by batch as in training, with torch's global generator.

    Why: Balanced MSE divides by the distribution of the labels that it is trained on. Blended ones crowd towards the
    middle; the prior of the labels as they are would correct for rare labels that hardly come.

    Args:
        y: Training labels, in the units in which they are blended.
        mixing: What blends them.
        batch_size: Rows of a batch.
    """
    labels = torch.from_numpy(y)
    size = min(batch_size, len(y))
    drawn = []
    for _ in range(-(-_ENOUGH // size)):
        batch = labels[torch.randperm(len(y))[:size]] if size < len(y) else labels
        drawn.append(mixing(batch[:, None])(batch))
    return torch.cat(drawn)[:_ENOUGH].numpy()
