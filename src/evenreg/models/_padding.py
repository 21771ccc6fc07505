"""padded_pairs: the two sentences of a batch as one batch of sentences, without idle padding."""

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from evenreg.errors import InputError


def padded_pairs(
    first: Shaped[Tensor, "batch first"], second: Shaped[Tensor, "rows second"], padding: int
) -> tuple[Int[Tensor, "sentences length"], Int[Tensor, " sentences"]]:
    """First sentences above second ones, cut to the longest of them, and how long each is.

    A sentence ends at its last id that is not padding; one of padding alone counts as one word long, so that there is
    something to pool.

    Args:
        first: Ids ``(batch, length)``, padded at the end.
        second: The same for the other sentence of each pair; it may be padded to another length.
        padding: The id that means no word.

    Returns:
        Ids ``(2 * batch, longest)`` and lengths ``(2 * batch,)``.

    Raises:
        InputError: Another number of rows, or ids that are no whole numbers.
    """
    for name, ids in {"first_ids": first, "second_ids": second}.items():
        if ids.ndim != 2 or ids.shape[1] == 0 or ids.is_floating_point() or len(ids) != len(first):
            raise InputError(
                f"{name}: expected whole numbers of shape ({len(first)}, length), got {ids.dtype} of shape "
                f"{tuple(ids.shape)}; take them from the inputs this model was trained with."
            )
    width = max(first.shape[1], second.shape[1])
    ids = torch.cat(
        [torch.nn.functional.pad(part, (0, width - part.shape[1]), value=padding) for part in (first, second)]
    )
    place = torch.arange(1, width + 1, device=ids.device)
    lengths = torch.where(ids == padding, 0, place).amax(dim=1).clamp_min(1)
    if torch.compiler.is_exporting():  # an exported program has one length for all batches
        return ids, lengths
    longest = int(lengths.max()) if len(lengths) else 1
    return ids[:, :longest], lengths
