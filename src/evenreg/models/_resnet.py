"""The residual network of the papers' image benchmarks."""

from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError, MissingDependencyError
from evenreg.models._pretrained import pretrained_resnet

# Kind of block, blocks of each stage, channels of each stage.
_LAYOUTS: dict[int, tuple[str, list[int], list[int]]] = {
    18: ("basic", [2, 2, 2, 2], [64, 128, 256, 512]),
    50: ("bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048]),
}
# Mean and SD of red, green and blue.
_OF_PAPERS = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_OF_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@final
class ResNet(nn.Module):
    """ResNet-50 or ResNet-18 down to its pooled features, by transformers' `ResNetModel`.

    Why: all four papers report ages with ResNet-50 trained from scratch, later work also with ResNet-18. Layer by
    layer it is torchvision's: the stride of a bottleneck is in its 3 x 3 convolution, weights start from He's normal
    distribution (fan-out).

    Images are standardised inside: by mean and SD 0.5 as in the papers' code, or by those of ImageNet where
    pretrained weights are loaded, which were trained so. Mean and SD are buffers, so that a state dict brings them
    along. Channels of weights, and so of all maps, lie last in memory, which is faster on processors and tensor cores.

    Args:
        depth: 50 or 18.
        weights: Pretrained weights to start from: a folder in transformers' format (``save_pretrained``, or a
            download of a hub repository), or the name of a hub repository, taken from the cache or downloaded. A
            classifier in it is left out.

    Shape:
        (batch, 3, height, width) floats in [0, 1] to (batch, 2048), or (batch, 512) for depth 18; any sides.

    Raises:
        InputError: Another depth; weights of another network, or damaged ones.
        MissingFileError: Weights that are neither in a folder nor in the cache nor to be had.
        MissingDependencyError: transformers is not installed.
        ShapeError: Images that have no three channels.

    >>> encoder = ResNet(18)
    >>> encoder(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 512])

    Papers: He et al. 2016 (Deep residual learning for image recognition) Table 1; papers/000 section 4.1. Not told in
    the papers: standardising by 0.5, as their released code does (papers/000 B.1 says [0, 1]).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, depth: int = 50, weights: str | None = None) -> None:
        super().__init__()
        depth = _check.integer(depth, "depth", 1)
        if depth not in _LAYOUTS:
            raise InputError(
                f"depth: expected 50 or 18, got {depth}; name another network by the path of its class."
            )
        try:
            from transformers import ResNetConfig, ResNetModel
        except ImportError:
            raise MissingDependencyError(
                "ResNet needs transformers, which is not installed; pip install 'evenreg[all]'."
            ) from None
        kind, blocks, channels = _LAYOUTS[depth]
        layout = ResNetConfig(
            num_channels=3,
            embedding_size=64,
            hidden_sizes=channels,
            depths=blocks,
            layer_type=kind,
            hidden_act="relu",
            downsample_in_first_stage=False,
            downsample_in_bottleneck=False,
        )
        net: Any = ResNetModel(layout) if weights is None else pretrained_resnet(layout, depth, weights)
        self.net = net.to(memory_format=torch.channels_last)
        mean, std = _OF_PAPERS if weights is None else _OF_IMAGENET
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("std", torch.tensor(std)[:, None, None])
        self.out_features = channels[-1]
        # Without the weights: whoever builds it again has a state dict.
        self.config: dict[str, Any] = {"depth": depth}

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs may be blended, with the input those of papers/000 D.1: the first three stages."""
        return tuple(f"net.encoder.stages.{stage}" for stage in range(3))

    def forward(self, images: Float[Tensor, "..."]) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        _check.shape(images, "images", ("batch", 3, "height", "width"), "repeat a lone channel three times")
        return self.net((images - self.mean) / self.std).pooler_output.flatten(1)
