"""Networks against plain PyTorch: first weights from files, and training with batch normalization."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from harness import CONFIG, DATA, REPOSITORY, complete, medpfl, simulate, text
from torch.nn import functional
from weight_files import FORMS, REFUSED

sys.path.insert(0, str(REPOSITORY / "tests" / "models"))
from reference_networks import NETWORKS, tensors

RESNET: dict[str, object] = {"model.name": "resnet18", "model.resnet18.width": 2, "attack.method": ""}

DEEP: dict[str, object] = {"model.name": "convnet", "model.convnet.width": 4}


def network(name: str = "resnet18", classes: int = 4, **options: object) -> torch.nn.Module:
    """One for gray images of 16 px, its statistics not those of the start."""
    torch.manual_seed(3)
    net = NETWORKS[name](1, 16, classes, **options)
    net.train()
    net(torch.rand(8, 1, 16, 16))
    return net.eval()


def flat(net: torch.nn.Module) -> np.ndarray:
    """All tensors in the program's order."""
    return torch.cat([t.detach().flatten() for _, t, _ in tensors(net)]).numpy()


def save(net: torch.nn.Module, path: Path, form: str) -> None:
    """In one of the forms that are read."""
    path.write_bytes(FORMS[form](net))


@pytest.mark.parametrize("form", FORMS)
def test_first_weights_are_those_of_the_file(form: str, tmp_path: Path) -> None:
    """Whatever wrote it; and the network is the same: so is its loss."""
    net = network(width=2)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.copy_((tensor * 64).round() / 64)  # which 16 bits hold, too
    save(net, tmp_path / "w.pt", form)
    with complete(tmp_path / "out", RESNET | {"model.weights": tmp_path / "w.pt"}, ranks=2) as run:
        assert np.array_equal(run["rounds/weights"][0], flat(net))
        batch = first_batch(run)
        assert np.isclose(run["gradients/loss"][0], functional.cross_entropy(net(batch[0]), batch[1]).item(),
                          rtol=1e-5)


def test_statistics_that_stay_untouched_are_warned_of(tmp_path: Path) -> None:
    """By the three options that mend it; each does, and nothing is said of networks without any."""
    said = simulate(tmp_path / "out", RESNET).err
    assert said.count("warning: ") == 1
    for part in ("batch normalization of resnet18 normalizes nothing", "model.norm_mode=train",
                 "model.resnet18.norm=group", "model.weights"):
        assert part in said
    save(network(width=2), tmp_path / "w.pt", "zip")
    for number, mended in enumerate(({"model.norm_mode": "train"}, {"model.resnet18.norm": "group"},
                                     {"model.weights": tmp_path / "w.pt"}, {"model.name": "lenet-dlg"})):
        assert "normalizes nothing" not in simulate(tmp_path / f"{number}", RESNET | mended).err


@pytest.mark.parametrize("named", ["one class", "both"])
def test_accuracy_far_below_auroc_is_explained(named: str, tmp_path: Path) -> None:
    """A network that ranks by brightness, with a bias of its head that names one class or both."""
    labels = np.repeat([0, 1], 6)
    rng = np.random.default_rng(2)
    arrays = {}
    for split in ("train", "val", "test"):
        pixels = rng.integers(0, 60, (12, 16, 16)) + 150 * labels[:, None, None]
        arrays |= {f"{split}_images": pixels.astype(np.uint8), f"{split}_labels": labels[:, None].astype(np.uint8)}
    np.savez(tmp_path / "bright.npz", **arrays)
    net = network("mlp", classes=2)
    with torch.no_grad():
        for weights in net.parameters():
            weights.fill_(0.001 if weights.ndim == 2 else 0)
        *_, head, bias = net.parameters()
        head[0] = 0
        dark, bright = (net(torch.full((1, 1, 16, 16), level)).diff().item() for level in (0.1, 0.7))
        bias[0] = 10 if named == "one class" else (dark + bright) / 2
    names = [f"dense{layer}.{part}" for layer in (1, 2) for part in ("weight", "bias")]
    torch.save(dict(zip(names, net.parameters(), strict=True)), tmp_path / "w.pt")
    options = {"data.dataset": "medmnist", "data.path": tmp_path / "bright.npz", "model.name": "mlp",
               "model.weights": tmp_path / "w.pt", "attack.method": "idlg", "attack.iterations": 1,
               "federation.rounds": 1, "federation.learning_rate": 1e-12}
    word = "at chance" if named == "one class" else "above chance"
    with complete(tmp_path / "out", options) as run:
        assert run["rounds/auroc"][0] == 1
        assert run["rounds/accuracy"][0] == (0.5 if named == "one class" else 1)
        assert run["rounds/one_class"][0] == (named == "one class")
        assert run["rounds"].attrs["chance"] == 0.5 and run["rounds/network"].asstr()[0] == word
        # The weights were given: the attacked network is not untrained.
        assert set(run["attacks/tasks/network"].asstr()[()]) == {word}
    said = ("accuracy 0.50 while AUROC is 1.00: the network ranks the classes well, but decides as if there "
            "were one (balanced accuracy 0.50)")
    shown = medpfl("inspect", tmp_path / "out").out
    assert (said in shown) == (named == "one class")
    assert ("At chance: what leaks from a network that nobody would use may differ." in shown) == (
        named == "one class")
    assert ("The network attacked in round 0 was at chance.\n" in shown) == (named == "one class")


def test_vanished_gradients_are_flagged_and_end_no_search(tmp_path: Path) -> None:
    """A head that is sure of class 0: its images vanish, others do not; stop_loss is no success of an attack."""
    net = network("mlp")
    with torch.no_grad():
        *_, head, bias = net.parameters()
        head.fill_(0)
        bias[:] = torch.tensor([30.0, 0, 0, 0])
    names = [f"dense{layer}.{part}" for layer in (1, 2) for part in ("weight", "bias")]
    torch.save(dict(zip(names, net.parameters(), strict=True)), tmp_path / "w.pt")
    options = {"model.name": "mlp", "model.weights": tmp_path / "w.pt", "attack.method": "idlg", "attack.restarts": 2,
               "federation.rounds": 1, "attack.idlg.stop_loss": 1e-6, "attack.probes": 4, "attack.probe_batch": 1}
    with complete(tmp_path / "out", options) as run:
        tasks = run["attacks/tasks"]
        norm, vanished = tasks["gradient_norm"][()], tasks["vanished"][()]
        assert np.allclose(norm, run["gradients/norm"][()][tasks["gradient"][()]], rtol=1e-6)
        assert np.array_equal(vanished == 1, norm < 1e-6)
        first = run["gradients/batches/image"][()][run["gradients/batches/start"][()][tasks["gradient"][()]]]
        assert np.array_equal(vanished == 1, run["gradients/batches/labels"][()][first] == 0)
        status = tasks["status"].asstr()[()]
        assert 0 < vanished.sum() < len(vanished)
        assert "below-stop-loss" not in status[vanished == 1]
        gone = vanished.sum() // 2
    assert f"{gone} of {len(vanished) // 2} attacked messages have vanished gradients (L2 norm below 1e-06)" in medpfl(
        "inspect", tmp_path / "out").out


def test_normalization_is_what_the_network_sees(tmp_path: Path) -> None:
    """Stored images are pixels; the loss is that of PyTorch on normalized ones; without it nothing is said."""
    net = network(width=2)
    save(net, tmp_path / "w.pt", "zip")
    options = RESNET | {"model.weights": tmp_path / "w.pt"}
    with complete(tmp_path / "out", options | {"model.normalize": "0.4,0.2"}) as run:
        images, labels = first_batch(run)
        assert np.isclose(run["gradients/loss"][0],
                          functional.cross_entropy(net((images - 0.4) / 0.2), labels).item(), rtol=1e-5)
        assert np.allclose(run["model"].attrs["pixel_mean"], [0.4])
        assert np.allclose(run["model"].attrs["pixel_deviation"], [0.2])
    with complete(tmp_path / "plain", options) as run:
        assert run["model"].attrs["pixel_mean"].tolist() == [0.0]
        assert run["model"].attrs["pixel_deviation"].tolist() == [1.0]


def first_batch(run: h5py.File) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels of the first recorded message."""
    start, use = run["gradients/batches/start"][()], run["gradients/batches/image"][()]
    of = use[start[0] : start[1]]
    return (torch.from_numpy(run["gradients/batches/images"][()][of] / 255).float(),
            torch.from_numpy(run["gradients/batches/labels"][()][of]))


def test_another_head_needs_an_option(tmp_path: Path) -> None:
    """And is then drawn, all else as in the file."""
    net = network(classes=1000, width=2)
    save(net, tmp_path / "w.pt", "zip")
    options = RESNET | {"model.weights": tmp_path / "w.pt"}
    refused = simulate(tmp_path / "out", options)
    assert refused.code == DATA
    assert "fc.weight (1000x16 in the file, 4x16 in the network)" in refused.errors[0]
    assert not (tmp_path / "out").exists()
    with complete(tmp_path / "out", options | {"model.new_head": "true"}) as run:
        names = run["model/name"].asstr()[()].tolist()
        offset = run["model/offset"][()][names.index("fc.weight")]
        first = run["rounds/weights"][0]
        assert np.array_equal(first[:offset], flat(net)[:offset])
        assert 0 < np.abs(first[offset : offset + 64]).max() <= 0.5  # model.init=uniform


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """One line each."""
    net = network(width=2)
    contents = {message: write(net) for message, write in REFUSED.items()}
    contents |= {"the file cannot be read: No such file or directory": None}
    for message, content in contents.items():
        path = tmp_path / "w.pt"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        result = simulate(tmp_path / "out", RESNET | {"model.weights": path})
        assert result.code == DATA, message
        assert len(result.errors) == 1
        assert message in result.errors[0]
    result = simulate(tmp_path / "out", RESNET | {"model.weights": "/dev/zero"})
    assert (result.code, len(result.errors)) == (DATA, 1)
    assert "is no regular file" in result.errors[0]
    save(network("resnet20", width=2), tmp_path / "w.pt", "zip")
    result = simulate(tmp_path / "out", RESNET | {"model.weights": tmp_path / "w.pt"}, ranks=2)
    assert (result.code, len(result.errors)) == (DATA, 1)
    assert "missing: layer2.0.downsample.0.weight" in result.errors[0]
    result = simulate(tmp_path / "out", RESNET | {"model.new_head": "true"})
    assert result.code == CONFIG


def trained(net: torch.nn.Module, rounds: list[list[tuple[torch.Tensor, torch.Tensor]]], dtype: torch.dtype) -> list[np.ndarray]:
    """The tensors of the network before the first and after each round of batches, by SGD of plain PyTorch."""
    net = copy.deepcopy(net).to(dtype).train()
    optimizer = torch.optim.SGD(net.parameters(), 0.05)
    found = [flat(net)]
    for batches in rounds:
        for images, labels in batches:
            optimizer.zero_grad()
            functional.cross_entropy(net(images.to(dtype)), labels).backward()
            optimizer.step()
        found.append(flat(net))
    return found


@pytest.mark.parametrize("algorithm", ["fedsgd", "fedavg"])
def test_training_with_batch_statistics_is_that_of_pytorch(
        algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hospital, its steps again in plain PyTorch: weights and running statistics after two rounds.

    The steps amplify rounding, by other factors with other kernels: what counts is float64, and the program may stand
    three times as far from it as float32 of plain PyTorch. With a smooth activation: within rounding of the kink of
    ReLU one of the two may take the other side of it.
    """
    monkeypatch.setattr(functional, "relu", torch.tanh)
    net = network("resnet20", width=2)
    save(net, tmp_path / "w.pt", "zip")
    options = {"model.name": "resnet20", "model.resnet20.width": 2, "model.norm_mode": "train",
               "model.activation": "tanh", "model.weights": tmp_path / "w.pt", "attack.method": "",
               "federation.clients": 1,
               "federation.algorithm": algorithm, "federation.batch_size": 8, "federation.learning_rate": 0.05}
    with complete(tmp_path / "out", options) as run:
        statistic = run["model/statistic"][()].astype(bool)
        sizes = run["model/size"][()]
        trainable = int(sizes[~statistic].sum())
        assert trainable == run["model"].attrs["trainable"]
        assert text(run["model"].attrs["norm_mode"]) == "train"
        images = torch.from_numpy(run["gradients/batches/images"][()] / 255)
        labels = torch.from_numpy(run["gradients/batches/labels"][()])
        start, use = run["gradients/batches/start"][()], run["gradients/batches/image"][()]
        rounds = [[(images[batch], labels[batch]) for batch in np.split(rows, range(8, len(rows), 8))]
                  for rows in np.split(use, start[1:-1])]
        weights, messages = run["rounds/weights"][()], run["gradients/values"][()]
    assert len(rounds) == len(messages) == 2
    exact, rounded = (trained(net, rounds, dtype) for dtype in (torch.float64, torch.float32))
    for part in (slice(None, trainable), slice(trainable, None)):
        for round_ in (1, 2):
            bound = 3 * np.abs(rounded[round_] - exact[round_])[part].max()
            assert bound < 1e-3 < 1e-2 < np.abs(exact[round_] - exact[round_ - 1])[part].max()
            assert np.abs(weights[round_] - exact[round_])[part].max() <= bound
    for round_ in (1, 2):  # bound is that of the statistics, which are sent as changes
        change = (exact[round_] - weights[round_ - 1])[trainable:]
        assert np.abs(messages[round_ - 1][trainable:] - change).max() <= bound


def test_noise_leaves_no_negative_variance_and_eval_sends_no_statistics(tmp_path: Path) -> None:
    """Noise far above the variances; under eval it must not reach them at all."""
    noisy = {"model.name": "resnet20", "model.resnet20.width": 2, "attack.method": "", "federation.batch_size": 4,
             "defense.chain": "gaussian", "defense.gaussian.scale": 2}
    with complete(tmp_path / "train", noisy | {"model.norm_mode": "train"}) as run:
        variance = [name.endswith("running_var") for name in run["model/name"].asstr()[()]]
        mask = np.repeat(variance, run["model/size"][()])
        final = run["rounds/weights"][-1]
        assert final[mask].min() == 0
        assert np.isfinite(run["rounds/test_loss"][()]).all()
    with complete(tmp_path / "eval", noisy) as run:
        trainable = run["model"].attrs["trainable"]
        assert np.abs(run["gradients/values"][()][:, trainable:]).max() == 0
        assert np.abs(run["gradients/values"][()][:, :trainable]).max() > 1
        first, *others = run["rounds/weights"][()][:, trainable:]
        assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("trained", [False, True])
def test_statistics_that_training_never_touched_are_left_out_and_said(trained: bool, tmp_path: Path) -> None:
    """Under eval those of a fresh network stay 0 and 1; those of a file do not."""
    changes = RESNET | {"attack.method": "grad-inversion", "attack.iterations": 2, "attack.grad-inversion.group": 1}
    if trained:
        save(network(width=2), tmp_path / "w.pt", "zip")
        changes["model.weights"] = tmp_path / "w.pt"
    done = simulate(tmp_path / "out", changes)
    assert done.code == 0, done.err
    assert done.err.count("grad-inversion leaves bn_statistics out in round 0") == (not trained)
    with h5py.File(tmp_path / "out" / "run.h5") as run:
        said = "running batch statistics left out: training never touched them"
        assert all((said in told) != trained for told in run["attacks/tasks/knowledge"].asstr()[()])
        assert ("bn_statistics" in run["attacks/trace/terms"]) == trained


@pytest.mark.parametrize("search", ["none", "strong-wolfe"])
def test_an_attack_that_returns_its_start_says_so(search: str, tmp_path: Path) -> None:
    """On an untrained deep network the slope is 0 to L-BFGS as published, not to a line search."""
    done = simulate(tmp_path / "out", DEEP | {
        "model.init": "pytorch", "attack.method": "cpl", "attack.iterations": 3,
        "attack.snapshots": "0", "attack.cpl.line_search": search})
    assert done.code == 0, done.err
    flat = search == "none"
    assert done.err.count("attack.cpl.line_search=strong-wolfe") == flat
    with h5py.File(tmp_path / "out" / "run.h5") as run:
        attacks = run["attacks"]
        assert ((attacks["tasks/status"].asstr()[()] == "flat") == flat).all()
        start = attacks["snapshots"][:, 0]
        assert np.array_equal(start, attacks["reconstruction"][()]) == flat
