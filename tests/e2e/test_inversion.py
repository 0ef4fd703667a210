"""Inverting Gradients reaches what the method's algorithm reaches in plain PyTorch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import h5py
import numpy as np
import torch
from harness import complete
from reference_inversion import convnet, invert

ITERATIONS, TV = 240, 0.01
OPTIONS: dict[str, object] = {
    "model.name": "convnet-small", "model.init": "pytorch", "model.convnet-small.width": 8,
    "model.convnet-small.blocks": 2, "model.convnet-small.groups": 4, "federation.rounds": 1,
    "attack.method": "inverting-gradients", "attack.iterations": ITERATIONS,
    "attack.snapshots": "0", "attack.inverting-gradients.init": "uniform",
    "attack.inverting-gradients.tv": TV,
}


def tensors(run: h5py.File, values: np.ndarray) -> list[torch.Tensor]:
    """A flat vector as the network's tensors."""
    table = zip(run["model/offset"][()], run["model/size"][()],
                run["model/shape"].asstr()[()], strict=True)
    return [torch.from_numpy(values[offset : offset + size].reshape(
        [int(extent) for extent in shape.split("x")])) for offset, size, shape in table]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Of images in [0, 1], in dB."""
    return float(-10 * np.log10(((a.astype(float) - b) ** 2).mean()))


def test_inverting_gradients_matches_plain_pytorch(tmp_path: Path) -> None:
    """Same image, weights, start and iterations: PSNR within 0.5 dB, and the same objective."""
    torch.set_num_threads(1)
    with complete(tmp_path / "out", OPTIONS) as run:
        weights = tensors(run, run["rounds/weights"][0])
        gains = []
        for i, gradient in enumerate(run["attacks/tasks/gradient"][()]):
            truth = run["attacks/truth"][i]
            start = torch.from_numpy(run["attacks/snapshots"][i, 0])[None]
            found, trace = invert(partial(convnet, groups=[4, 4]), weights,
                                  tensors(run, run["gradients/values"][gradient]),
                                  int(run["attacks/images/label"][i]), start, ITERATIONS, TV)
            ours, theirs = psnr(run["attacks/reconstruction"][i], truth), psnr(found[0].numpy(),
                                                                              truth)
            assert abs(ours - theirs) < 0.5
            first = run["attacks/trace/objective"][i, 0]
            np.testing.assert_allclose(first, trace[0], rtol=1e-4)
            np.testing.assert_allclose(run["attacks/tasks/matching_loss"][i], min(trace), rtol=0.05)
            gains.append(ours - psnr(start[0].numpy(), truth))
        assert len(gains) == 3
        assert np.mean(gains) > 4, "the attack must reconstruct something to be compared"
