"""Encoders of the transformers library: loaded or built without a word, without parts that pairs do not use."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import torch

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._quiet_transformers import quiet_transformers


def load_transformer(name: str) -> Any:
    """The encoder of a folder or of the hub with its weights, float32, in training mode.

    Args:
        name: Folder, or name on the hub; weights are read from safetensors only.

    Raises:
        InputError: It cannot be read; it lacks weights; it is no plain encoder.
        MissingDependencyError: transformers is not installed.
    """
    with quiet_transformers() as transformers:
        try:
            config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
            plain = _without_pooler(transformers, config)
            model, told = transformers.AutoModel.from_pretrained(
                name,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                trust_remote_code=False,
                use_safetensors=True,
                **plain,
            )
        except InputError:
            raise
        except Exception as error:  # whatever a damaged or foreign file makes of some dozen readers
            raise InputError(
                f"{name}: expected an encoder that transformers can read (config.json, model.safetensors), got one "
                f"that it cannot ({_check.reason(error)}); give another folder or name."
            ) from error
    missing = sorted(told["missing_keys"])
    if missing:
        raise InputError(
            f"{name}: expected all weights of its encoder, got a file without {len(missing)} of them ({missing[0]}); "
            "give another folder or name."
        )
    return model.train()  # the library hands models over in eval mode, and Lightning leaves modes alone


def build_transformer(config: Mapping[str, Any]) -> Any:
    """An encoder from plain configuration, weights drawn at random.

    Args:
        config: What `plain_config` gave; ``model_type`` tells the kind.

    Raises:
        InputError: A kind that the installed transformers does not know, or no plain encoder.
        MissingDependencyError: transformers is not installed.
    """
    options = dict(config)
    with quiet_transformers() as transformers:
        try:
            full = transformers.AutoConfig.for_model(options.pop("model_type"), **options)
            plain = _without_pooler(transformers, full)
            return transformers.AutoModel.from_config(full, dtype=torch.float32, **plain).train()
        except InputError:
            raise
        except Exception as error:  # as above
            raise InputError(
                "transformer: expected the configuration of an encoder that transformers "
                f"{transformers.__version__} knows, got another ({_check.reason(error)}); install the version that "
                f"wrote it, {config.get('transformers_version', 'unknown')}."
            ) from error


def plain_config(model: Any) -> dict[str, Any]:
    """The model's configuration as JSON holds it; `build_transformer` builds the model again."""
    return json.loads(model.config.to_json_string(use_diff=True))


def _without_pooler(transformers: Any, config: Any) -> dict[str, Any]:
    """Arguments that leave out the layer behind the first word, which nothing here uses, so that none trains it."""
    if getattr(config, "is_encoder_decoder", False):
        raise InputError(
            f"expected an encoder of sentences, got {config.model_type}, which has a decoder as well; give an encoder "
            "such as BERT or MPNet."
        )
    kind = transformers.MODEL_MAPPING.get(type(config), None)
    takes = isinstance(kind, type) and "add_pooling_layer" in inspect.signature(kind).parameters
    return {"add_pooling_layer": False} if takes else {}
