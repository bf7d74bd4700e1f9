"""The arithmetic of a block, compiled: one graph, one loop over the logits, the same numbers."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from oracles.tensor.literal import batch
from torch._inductor import metrics

from midpo_sym.tensor.kernels.rows import Coefficients
from midpo_sym.tensor.steady import arithmetic, fusing

ROOT = Path(__file__).parents[3]


def block():
    """Return the arguments of `arithmetic.gradient`, every term of it needed."""
    logits, labels, reference, _ = batch(dtype=torch.bfloat16)
    logits, reference, places = logits[0], reference[0], labels[0].clamp_min(0)
    here, moved = places >= 3, places >= 1
    norms = [
        arithmetic.extent(each, places, here | ~here, torch.float32, None)
        for each in (logits, reference)
    ]
    logratios = arithmetic.of_labels(*norms).logratios
    shift = arithmetic.shift_of(*norms, logratios)
    moves = Coefficients(*torch.rand(3, len(places), generator=torch.Generator().manual_seed(0)))
    kl = torch.rand(len(places), generator=torch.Generator().manual_seed(1))
    return logits, reference, places, here, moved, *norms, shift, kl, moves, (None, None)


def test_only_a_cuda_device_has_a_compiled_function():
    assert fusing.fused(arithmetic.gradient, torch.device("cpu")) is arithmetic.gradient


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_gradient_of_a_block_is_one_kernel():
    """By Inductor's own count, where it writes C++ as it would write Triton."""
    torch._dynamo.reset()
    metrics.reset()
    arguments = block()
    compiled = torch.compile(arithmetic.gradient, fullgraph=True, dynamic=True)
    torch.testing.assert_close(
        compiled(*arguments), arithmetic.gradient(*arguments), rtol=1e-5, atol=1e-6
    )
    assert metrics.generated_kernel_count == 1
    torch._dynamo.reset()


@pytest.mark.slow
def test_the_benchmark_runs():
    """With tiny sizes, of two ways."""
    command = [sys.executable, str(ROOT / "benchmarks/gpu.py"), "--quick", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--losses", "tdpo", "--ways", "midpo_sym", "bare products"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "| logits | tdpo | midpo_sym |" in done.stdout
    assert "no measurement" in done.stdout
