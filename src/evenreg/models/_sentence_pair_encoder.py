"""The encoder for pairs of sentences that fine-tunes a pretrained transformer."""

from collections.abc import Mapping
from typing import Any, Self, final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._padding import padded_pairs
from evenreg.models._pair_features import pair_features
from evenreg.models._transformers import build_transformer, load_transformer, mean_over_words, plain_config

# Sentences that pass the transformer together on a processor, those of like length: in batches of 64 and 128 sentences
# of STS-B this takes half the time of all at once, padded to the longest. A GPU takes all at once.
_TOGETHER = 16


@final
class SentencePairEncoder(nn.Module):
    """A transformer makes a vector of each sentence, the mean over its words; then `pair_features`.

    Why: a transformer that was trained on many millions of sentences knows already what sentences mean; a few
    thousand labelled pairs then suffice. Both sentences pass the same weights. How far rows are padded, and which
    pairs share a batch, does not matter.

    Args:
        transformer: Plain configuration of an encoder of the library transformers, ``model_type`` and the rest; weights
            are drawn at random. `from_pretrained` brings weights as well.
        padding_id: The id that means no word.
        cosine: Whether the cosine of u and v is a feature, too.
        train_words: Whether the embeddings of words are trained; they are most of a small model's weights, and those
            of words that training does not show stay where the others left.

    Shape:
        first_ids (batch, length) and second_ids (batch, other length), int64, padded at the end, to
        (batch, 4 * width), one more with ``cosine``; width is that of the transformer.

    Raises:
        InputError: A configuration that transformers does not know, of a model with a decoder; ids that are no whole
            numbers, or unlike numbers of rows.
        MissingDependencyError: transformers is not installed.

    >>> small = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    ...          "intermediate_size": 16, "vocab_size": 50}
    >>> encoder = SentencePairEncoder(small)
    >>> encoder(torch.tensor([[2, 7, 3, 0]]), torch.tensor([[2, 9, 21, 4, 3]])).shape
    torch.Size([1, 33])

    Reimers and Gurevych, "Sentence-BERT" (EMNLP 2019), section 3, for the mean over words and vectors of both sentences
    side by side; papers/000 C.1 for the features.
    """

    def __init__(
        self,
        transformer: Mapping[str, Any],
        padding_id: int = 0,
        cosine: bool = True,
        train_words: bool = True,
    ) -> None:
        super().__init__()
        self._set(build_transformer(transformer), padding_id, cosine, train_words)

    @classmethod
    def from_pretrained(
        cls, name: str, padding_id: int | None = None, cosine: bool = True, train_words: bool = True
    ) -> Self:
        """The encoder with the weights of a folder or of the hub.

        Args:
            name: Folder with ``config.json`` and ``model.safetensors``, or name on the hub.
            padding_id: The tokenizer's; None for that of the configuration.
            cosine: As above.
            train_words: As above.

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
        encoder._set(transformer, padding_id, cosine, train_words)
        return encoder

    def _set(self, transformer: Any, padding_id: int, cosine: bool, train_words: bool) -> None:
        self.config: dict[str, Any] = {
            "transformer": plain_config(transformer),
            "padding_id": _check.integer(padding_id, "padding_id", 0),
            "cosine": bool(cosine),
            "train_words": bool(train_words),
        }
        self.transformer = transformer
        transformer.get_input_embeddings().requires_grad_(bool(train_words))
        self.out_features = 4 * transformer.config.hidden_size + bool(cosine)
        self.pooled = nn.Identity()

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs are representations that may be blended: both sentences' vectors, a pair a row."""
        return ("pooled",)

    def forward(
        self, first_ids: Shaped[Tensor, "batch first"], second_ids: Shaped[Tensor, "rows second"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        ids, lengths = padded_pairs(first_ids, second_ids, self.config["padding_id"])
        vectors = self._sentence_vectors(ids, lengths)
        # A pair a row, (batch, 2, width), so that rows can be blended with those of other pairs.
        pairs = self.pooled(vectors.unflatten(0, (2, len(first_ids))).transpose(0, 1))
        first, second = pairs[:, 0], pairs[:, 1]
        features = pair_features(first, second)
        if not self.config["cosine"]:
            return features
        return torch.cat([features, torch.cosine_similarity(first, second)[:, None]], dim=1)

    def _sentence_vectors(
        self, ids: Int[Tensor, "sentences length"], lengths: Int[Tensor, " sentences"]
    ) -> Float[Tensor, "sentences width"]:
        if not len(ids):  # which transformers cannot reshape
            return self.transformer.get_input_embeddings().weight.new_zeros(
                0, self.transformer.config.hidden_size
            )
        if ids.device.type != "cpu" or len(ids) <= _TOGETHER or torch.compiler.is_exporting():
            return self._pooled(ids, lengths)
        order = lengths.argsort()
        parts = [
            self._pooled(ids[rows, : int(lengths[rows[-1]])], lengths[rows])
            for rows in order.split(_TOGETHER)
        ]
        return torch.cat(parts)[order.argsort()]

    def _pooled(
        self, ids: Int[Tensor, "sentences length"], lengths: Int[Tensor, " sentences"]
    ) -> Float[Tensor, "sentences width"]:
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        states = self.transformer(input_ids=ids, attention_mask=inside.long()).last_hidden_state
        return mean_over_words(states, lengths)
