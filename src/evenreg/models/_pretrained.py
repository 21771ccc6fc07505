"""Weights of a residual network that somebody else has trained."""

from pathlib import Path
from typing import Any

import torch

from evenreg import _check
from evenreg.errors import InputError, MissingFileError
from evenreg.models._quiet_transformers import quiet_transformers

# What two configurations must have in common for their weights to mean the same.
_LAYOUT = (
    "num_channels",
    "embedding_size",
    "hidden_sizes",
    "depths",
    "layer_type",
    "hidden_act",
    "downsample_in_first_stage",
    "downsample_in_bottleneck",
)
_SECONDS = 10.0


def pretrained_resnet(layout: Any, depth: int, weights: str) -> Any:
    """A transformers' `ResNetModel` with weights from a folder, the hub's cache or the hub.

    The cache comes before the network, and the hub is asked once whether it is there at all: transformers itself asks
    six times and takes half a minute to find that there is no network.

    Args:
        layout: The `ResNetConfig` that the weights must be of.
        depth: What it is called by, for error sentences.
        weights: A folder in transformers' format, or a hub name.

    Raises:
        MissingFileError: Neither in a folder nor in the cache nor to be had from the hub.
        InputError: Weights of another network, or damaged ones.
    """
    folder = Path(weights).expanduser()
    with quiet_transformers():
        if folder.is_dir():
            return _loaded(layout, depth, str(folder), local_files_only=True)
        found = _is_cached(weights)
        if not found:
            _ask_the_hub(depth, weights)
        return _loaded(layout, depth, weights, local_files_only=found)


def _is_cached(name: str) -> bool:
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(name, local_files_only=True)
    except Exception:  # whatever is wrong with it, the hub may have better
        return False
    return True


def _ask_the_hub(depth: int, name: str) -> None:
    from huggingface_hub import model_info

    try:
        model_info(name, timeout=_SECONDS)
    except Exception as error:
        raise MissingFileError(
            f"weights: expected a folder or a cached hub name of a ResNet-{depth} in transformers' format, got "
            f"{name!r} ({_check.reason(error, 160)}); download it where there is a network and give the folder."
        ) from None


def _loaded(layout: Any, depth: int, where: str, *, local_files_only: bool) -> Any:
    from transformers import AutoConfig, ResNetModel

    load: Any = (
        ResNetModel.from_pretrained
    )  # returns two things where it is asked to, which its types do not say
    try:
        found = AutoConfig.from_pretrained(where, local_files_only=local_files_only)
        fits = [getattr(found, name, None) for name in _LAYOUT] == [getattr(layout, name) for name in _LAYOUT]
        if found.model_type == layout.model_type and fits:
            # float32: weights may be stored in half precision, which transformers would keep.
            net, told = load(
                where,
                config=found,
                dtype=torch.float32,
                local_files_only=local_files_only,
                output_loading_info=True,
            )
            absent = sorted(told["missing_keys"])
        else:
            net, absent = None, []
    except Exception as error:
        raise InputError(
            f"weights: expected a ResNet-{depth} in transformers' format, got {where!r}, which cannot be read "
            f"({_check.reason(error, 160)}); download it again."
        ) from None
    if net is None:
        raise InputError(
            f"weights: expected a ResNet-{depth} with the stride in its 3 x 3 convolutions, got {where!r}, which holds "
            f"{_told(found)}; give another, or another depth."
        )
    if absent:
        raise InputError(
            f"weights: expected all weights of a ResNet-{depth}, got {where!r} without {len(absent)} of them "
            f"({absent[0]} is the first); download it again."
        )
    return net.train()  # it comes in eval mode


def _told(config: Any) -> str:
    """What a configuration is of, in words."""
    blocks, channels = getattr(config, "depths", None), getattr(config, "hidden_sizes", None)
    stages = "" if blocks is None else f" of {blocks} blocks and {channels} channels"
    return f"a {config.model_type!r}{stages}"
