"""The encoder for pairs of sentences that trains a pretrained transformer further."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._padding import padded_pairs
from evenreg.models._pair_mlp import PairMLP
from evenreg.models._pooled_layers import checked_layers, pooled_layers
from evenreg.models._transformers import build_transformer, load_transformer, plain_config

# Sentences that pass the transformer together on a processor, those of like length: in batches of 64 and 128 sentences
# of STS-B this takes half the time of all at once, padded to the longest. A GPU takes all at once.
_TOGETHER = 16


@final
class SentencePairEncoder(nn.Module):
    """A transformer makes a vector of each sentence, means over its words; a `PairMLP` compares them.

    Why: a transformer that was trained on many millions of sentences knows already what sentences mean; a few
    thousand labelled pairs then suffice. Both sentences pass the same weights. How far rows are padded, and which
    pairs share a batch, does not matter.

    The transformer's own dropout is off in training as well: with it two sentences differ more in training than they
    do when predicted, and predicted similarities come out too high (by .12 to .36 on the validation rows of STS-B-DIR).

    Args:
        transformer: Plain configuration of an encoder of the library transformers, ``model_type`` and the rest; weights
            are drawn at random. `from_pretrained` brings weights as well.
        padding_id: The id that means no word.
        layers: Whose states are pooled: 0 is what goes into the first layer, -1 what comes out of the last.
        trained_layers: How many layers, counted from the last one, are trained; the others and the embeddings of words
            stay. None trains all.
        width: Units of the `PairMLP`; also ``out_features``.
        input_dropout: As there.
        dropout: As there.

    Shape:
        first_ids (batch, length) and second_ids (batch, other length), int64, padded at the end, to (batch, width).

    Raises:
        InputError: A configuration that transformers does not know, of a model with a decoder; layers that it does not
            have; ids that are no whole numbers, or unlike numbers of rows.
        MissingDependencyError: transformers is not installed.

    >>> small = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    ...          "intermediate_size": 16, "vocab_size": 50}
    >>> encoder = SentencePairEncoder(small, layers=[0, 1], trained_layers=1, width=32)
    >>> encoder(torch.tensor([[2, 7, 3, 0]]), torch.tensor([[2, 9, 21, 4, 3]])).shape
    torch.Size([1, 32])

    Reimers and Gurevych, "Sentence-BERT" (EMNLP 2019), section 3: the mean over words, the same weights for both
    sentences.
    """

    def __init__(
        self,
        transformer: Mapping[str, Any],
        padding_id: int = 0,
        *,
        layers: Sequence[int] = (-3, -2, -1),
        trained_layers: int | None = 3,
        width: int = 256,
        input_dropout: float = 0.5,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        options = {"width": width, "input_dropout": input_dropout, "dropout": dropout}
        self._set(build_transformer(transformer), padding_id, layers, trained_layers, options)

    @classmethod
    def from_pretrained(cls, name: str, padding_id: int | None = None, **options: Any) -> Self:
        """The encoder with the weights of a folder or of the hub.

        Args:
            name: Folder with ``config.json`` and ``model.safetensors``, or name on the hub.
            padding_id: The tokenizer's; None for that of the configuration.
            **options: ``layers`` and the arguments after it.

        Raises:
            InputError: It cannot be read, lacks weights, has a decoder, or names no padding.
            MissingDependencyError: transformers is not installed.
        """
        transformer = load_transformer(str(name))
        padding_id = transformer.config.pad_token_id if padding_id is None else padding_id
        if padding_id is None:
            raise InputError(
                f"{name}: expected a model whose configuration names the id of padding, got none; give padding_id."
            )
        encoder = cls.__new__(cls)
        nn.Module.__init__(encoder)
        chosen = {"layers": (-3, -2, -1), "trained_layers": 3} | options
        encoder._set(transformer, padding_id, chosen.pop("layers"), chosen.pop("trained_layers"), chosen)
        return encoder

    def _set(
        self,
        transformer: Any,
        padding_id: int,
        layers: Sequence[int],
        trained_layers: int | None,
        options: dict[str, Any],
    ) -> None:
        layers = checked_layers(layers, transformer)
        width = transformer.config.hidden_size
        self.pairs = PairMLP(width * len(layers), len(layers), **options)
        self.out_features = self.pairs.out_features
        self.transformer = transformer
        self.config: dict[str, Any] = {
            "transformer": plain_config(transformer),
            "padding_id": _check.integer(padding_id, "padding_id", 0),
            "layers": layers,
            "trained_layers": _train_last(transformer, trained_layers),
            **{name: self.pairs.config[name] for name in ("width", "input_dropout", "dropout")},
        }
        self.pooled = nn.Identity()
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of this module; the transformer stays in eval mode, whose only effect is no dropout."""
        super().train(mode)
        self.transformer.eval()
        return self

    @property
    def new_layers(self) -> tuple[str, ...]:
        """The layers that no pretraining has seen, which are to learn faster than the others."""
        return ("pairs",)

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs may be blended: both sentences' vectors, a pair a row, and what comes out."""
        return ("pooled", *(f"pairs.{layer}" for layer in self.pairs.hidden_layers))

    @torch.no_grad()
    def fit(
        self, first_ids: Shaped[Tensor, "batch first"], second_ids: Shaped[Tensor, "rows second"]
    ) -> Self:
        """Learn the scales of `PairMLP` from training rows; a few hundred do."""
        parts = [self._vectors(*ids) for ids in zip(first_ids.split(64), second_ids.split(64), strict=True)]
        vectors = torch.cat(parts)
        self.pairs.fit(vectors[:, 0], vectors[:, 1])
        return self

    def forward(
        self, first_ids: Shaped[Tensor, "batch first"], second_ids: Shaped[Tensor, "rows second"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        vectors = self.pooled(self._vectors(first_ids, second_ids))
        return self.pairs(vectors[:, 0], vectors[:, 1])

    def _vectors(self, first_ids: Tensor, second_ids: Tensor) -> Float[Tensor, "batch two width"]:
        """A pair a row, so that rows can be blended with those of other pairs."""
        ids, lengths = padded_pairs(first_ids, second_ids, self.config["padding_id"])
        return self._of_sentences(ids, lengths).unflatten(0, (2, len(first_ids))).transpose(0, 1)

    def _of_sentences(
        self, ids: Int[Tensor, "sentences length"], lengths: Int[Tensor, " sentences"]
    ) -> Float[Tensor, "sentences width"]:
        layers = self.config["layers"]
        if not len(ids):  # which transformers cannot reshape
            return self.pairs.mean.new_zeros(0, self.pairs.config["in_features"])
        if ids.device.type != "cpu" or len(ids) <= _TOGETHER or torch.compiler.is_exporting():
            return pooled_layers(self.transformer, ids, lengths, layers)
        order = lengths.argsort()
        parts = [
            pooled_layers(self.transformer, ids[rows, : int(lengths[rows[-1]])], lengths[rows], layers)
            for rows in order.split(_TOGETHER)
        ]
        return torch.cat(parts)[order.argsort()]


def _train_last(transformer: Any, count: int | None) -> int | None:
    """Let only the last layers be trained."""
    if count is None:
        return None
    total = transformer.config.num_hidden_layers
    count = _check.integer(count, "trained_layers", 0)
    stacks = [m for m in transformer.modules() if isinstance(m, nn.ModuleList) and len(m) == total]
    if count > total or not stacks:
        told = (
            "None, since its layers are no list"
            if not stacks
            else f"at most {total}, which the transformer has"
        )
        raise InputError(f"trained_layers: expected {told}, got {count}; None trains all.")
    transformer.requires_grad_(False)
    for layer in stacks[0][total - count :]:
        layer.requires_grad_(True)
    return count
