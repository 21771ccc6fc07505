"""trained_on_sts_b: names, configurations and model cards, with and without."""

import json

import pytest

from evenreg.training._trained_on_sts_b import trained_on_sts_b


@pytest.mark.parametrize(
    "name",
    [
        "sentence-transformers/stsb-roberta-base-v2",
        "stsb-distilbert-base",
        "bert-base-nli-stsb-mean-tokens",
        "sentence-transformers/xlm-r-100langs-bert-base-nli-stsb-mean-tokens",
        "cross-encoder/stsb-TinyBERT-L-4",
        "textattack/bert-base-uncased-STS-B",
        "someone/mpnet_sts_b",
        "someone/minilm-stsbenchmark",
        "someone/bert-sts-benchmark-v1",
    ],
)
def test_names_that_tell(name):
    assert trained_on_sts_b(name)


@pytest.mark.parametrize(
    "name",
    [
        "sentence-transformers/all-MiniLM-L6-v2",
        "all-mpnet-base-v2",
        "bert-base-nli-mean-tokens",
        "paraphrase-MiniLM-L6-v2",
        "someone/tests-bert",
        "someone/sts-bert-base",
        "someone/costsb",
        "a name with blanks",
        "",
    ],
)
def test_names_that_do_not(name):
    assert not trained_on_sts_b(name)


def folder(tmp_path, card="", **config):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text(json.dumps({"model_type": "bert"} | config))
    (tmp_path / "encoder" / "README.md").write_text(card, encoding="utf-8")
    return tmp_path / "encoder"


GLUE = """---
datasets:
- glue
model-index:
- name: bert
  results:
  - task: {{name: Text Classification, type: text-classification}}
    dataset: {{name: GLUE, type: glue, args: {task}}}
---
"""
REPORTS = """---
datasets:
- snli
model-index:
- name: encoder
  results:
  - task: {type: STS}
    dataset: {type: mteb/stsbenchmark-sts, name: MTEB STSBenchmark, config: default}
---
We evaluate on stsb and STS-B.
"""
ALL_MINILM = """---
language: en
datasets:
- s2orc
- snli
- multi_nli
- embedding-data/QQP
pipeline_tag: sentence-similarity
---

# all-MiniLM-L6-v2
"""


@pytest.mark.parametrize(
    "card",
    [
        "---\ndatasets:\n- snli\n- stsb_multi_mt\n---\n",
        "---\ndatasets: sentence-transformers/stsb\n---\n",
        "---\r\ndatasets: [mteb/stsbenchmark-sts]\r\n---\r\nText",
        "---\nbase_model: sentence-transformers/stsb-bert-base\n---\n",
        GLUE.format(task="stsb"),
    ],
)
def test_cards_that_tell(tmp_path, card):
    assert trained_on_sts_b(folder(tmp_path, card))


@pytest.mark.parametrize(
    "card",
    [
        "",
        "# A card without facts about stsb",
        "---\nlanguage: en\n---\nTrained with care on stsb.",
        "---\n: not [yaml\n---\n",
        "---\n- a list\n---\n",
        "---\ndatasets: null\n---\n",
        GLUE.format(task="mnli"),
        REPORTS,
        ALL_MINILM,
    ],
)
def test_cards_that_do_not(tmp_path, card):
    assert not trained_on_sts_b(folder(tmp_path, card))


def test_configurations(tmp_path):
    here = folder(tmp_path, _name_or_path="nreimers/MiniLM-L6-H384-uncased")
    assert not trained_on_sts_b(here)
    for key, value in {
        "_name_or_path": "bert-nli-stsb",
        "model_name": "stsb-x",
        "finetuning_task": "sts-b",
    }.items():
        (here / "config.json").write_text(json.dumps({key: value}))
        assert trained_on_sts_b(str(here))
    (here / "config.json").write_text("[1, 2")
    assert not trained_on_sts_b(here)


def test_a_folder_is_known_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "stsb-bert").mkdir()
    assert trained_on_sts_b(tmp_path / "stsb-bert")
    (tmp_path / "stsb-data" / "mpnet").mkdir(parents=True)
    assert not trained_on_sts_b(tmp_path / "stsb-data" / "mpnet")
    monkeypatch.chdir(tmp_path / "stsb-bert")
    assert trained_on_sts_b(".")


def test_a_name_in_the_cache_is_known_by_its_card(tmp_path, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    cached, commit = tmp_path / "models--some-one--tiny", "0" * 40
    files = cached / "snapshots" / commit
    files.mkdir(parents=True)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    (files / "config.json").write_text("{}")
    assert not trained_on_sts_b("some-one/tiny")
    (files / "README.md").write_text("---\ndatasets: [stsb_multi_mt]\n---\n")
    assert trained_on_sts_b("some-one/tiny")
    assert not trained_on_sts_b("some-one/other")
