"""Hooks where a process of their own is needed: two processes that train together, and torch.compile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hooks")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("hooks_job.py")), str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_equal_one_with_the_joined_batch(found):
    assert found["two processes and one"] < 1e-5
    assert found["rows"] == 48
    assert {"network.0.weight", "fds.running_mean"} <= set(found["names"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_go_on_from_inside_an_epoch(found):
    assert found["resumed and straight"] == 0


def test_a_compiled_model_has_one_graph_and_the_same_numbers(found):
    assert found["compiled and eager"] < 1e-4
    assert found["graphs"] <= 4  # width unknown, before and after smoothing begins, and no more


def test_attach_needs_no_lightning(found):
    assert not found["attach loads Lightning"]
