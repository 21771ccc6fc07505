"""Which pair inputs a name stands for, when they are made and when they are read back."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evenreg import _check
from evenreg.data import SentencePairs
from evenreg.errors import InputError
from evenreg.training._pair_inputs import ABOUT_INPUTS, AbstractPairInputs
from evenreg.training._sentence_embeddings import SentenceEmbeddings
from evenreg.training._token_ids import TokenIds
from evenreg.training._word_ids import WordIds

# Where a prepared folder keeps what was computed of its sentences; nothing that `verify` looks at.
_CACHE = "embeddings"
_KINDS: Mapping[str, type[AbstractPairInputs]] = {
    kind.__name__: kind for kind in (WordIds, TokenIds, SentenceEmbeddings)
}


def pair_inputs(name: str, arguments: Mapping[str, Any], pairs: SentencePairs) -> AbstractPairInputs:
    """What makes numbers of sentences for an encoder.

    Args:
        name: ``bilstm``, ``finetuned`` or ``frozen``.
        arguments: Of `WordIds.from_sentences`, `TokenIds` or `SentenceEmbeddings`.
        pairs: Whose words are a BiLSTM's vocabulary, and in whose folder embeddings are kept.

    Raises:
        UnknownNameError: No such encoder, or argument of it; the nearest is offered.
        InputError: And whatever the three refuse.
    """
    made: dict[str, Callable[..., AbstractPairInputs]] = {
        "frozen": SentenceEmbeddings, "finetuned": TokenIds, "bilstm": WordIds.from_sentences
    }  # fmt: skip
    make = made[_check.known(name, made, "encoder of sentences")]
    own: dict[str, Any] = {} if name != "bilstm" else {"sentences": [*pairs.first, *pairs.second]}
    if name == "frozen" and pairs.folder is not None:
        own["cache"] = pairs.folder / _CACHE
    known = set(inspect.signature(make).parameters) - {"sentences", "cache", "options"}
    for argument in arguments:
        if name == "bilstm" or argument in ("glove", "hidden"):
            _check.known(argument, known, f"argument of the encoder {name}")
    try:
        return make(**own, **arguments)
    except TypeError as error:
        raise InputError(
            f"encoder_arguments: expected what the encoder {name} takes, got {dict(arguments)!r} "
            f"({_check.reason(error)}); leave out what it does not know."
        ) from None


def load_pair_inputs(folder: Path) -> AbstractPairInputs:
    """Read what ``save`` of any pair inputs wrote.

    Raises:
        UnknownNameError: Pair inputs of another version.
    """
    kind = json.loads((folder / ABOUT_INPUTS).read_text(encoding="utf-8"))["kind"]
    return _KINDS[_check.known(kind, _KINDS, "kind of pair inputs")].load(folder)
