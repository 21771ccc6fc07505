"""pooled_layers: a vector for each sentence out of several layers of a transformer."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenreg.errors import InputError


def pooled_layers(
    transformer: Any,
    ids: Int[Tensor, "sentences length"],
    lengths: Int[Tensor, " sentences"],
    layers: Sequence[int],
) -> Float[Tensor, "sentences width"]:
    """For each layer the mean of a sentence's states over its words, side by side.

    Args:
        transformer: An encoder of the library transformers.
        ids: ``(sentences, length)``, padded at the end.
        lengths: ``(sentences,)`` how many of them are words, at least 1.
        layers: Which states: 0 is what goes into the first layer, 1 what comes out of it, -1 what leaves the last.

    Returns:
        ``(sentences, len(layers) * hidden_size)``.
    """
    inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
    states = transformer(input_ids=ids, attention_mask=inside.long(), output_hidden_states=True).hidden_states
    outside, words = ~inside[..., None], lengths[:, None]
    # float32, also in half precision: sums of rounded states would be rounded again.
    pooled = [states[layer].float().masked_fill(outside, 0).sum(dim=1) / words for layer in layers]
    return torch.cat(pooled, dim=1)


def checked_layers(layers: Sequence[int], transformer: Any) -> list[int]:
    """The layers as a list, or an `InputError` for one that the transformer does not have, or none at all."""
    top = transformer.config.num_hidden_layers
    listed = [int(layer) for layer in layers]
    if not listed or any(not -top - 1 <= layer <= top for layer in listed):
        raise InputError(
            f"layers: expected numbers from {-top - 1} to {top}, where 0 goes into the first layer and -1 comes out of "
            f"the last, got {list(layers)}; leave out what is not there."
        )
    return listed
