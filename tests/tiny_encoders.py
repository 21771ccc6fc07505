"""Tiny sentence encoders as folders, so that no test needs a network."""

import json
from pathlib import Path
from typing import Any

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *["a", "cat", "dog", "man", "is", "sleep", "##ing", "plays", "the", "on", "mat", "."],
]


def tiny_config(**options: Any) -> dict[str, Any]:
    """Plain configuration of a BERT of two layers, 16 wide."""
    small: dict[str, Any] = {
        "model_type": "bert",
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "vocab_size": len(WORDS),
        "max_position_embeddings": 32,
    }
    return small | options


def tiny_encoder(folder: Path, *, seed=0, card="", tokenizer: bool = True, **options: Any) -> Path:
    """A folder as transformers reads it: configuration, random weights, a WordPiece vocabulary, a model card."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    config = tiny_config(**options)
    kind = transformers.AutoConfig.for_model(config.pop("model_type"), **config)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(kind)
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    if bars:
        transformers.utils.logging.enable_progress_bar()
    if tokenizer:
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
        facts = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 32}
        (folder / "tokenizer_config.json").write_text(json.dumps(facts))
    if card:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return folder
