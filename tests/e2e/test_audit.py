"""medpfl audit: attacks are chosen on public images, and the verdict is that of the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, OUTPUT, Result, all_datasets, complete, in_slices, medpfl, text

from medpfl_analysis import open_audit
from medpfl_analysis.__main__ import main
from medpfl_analysis.decision import levers

SMALL = ["--evaluations=60", "--model=lenet-dlg", "--model.init=uniform", "--data.image_size=16",
         "--data.phantom.train=32", "--data.phantom.test=32", "--clients=2", "--rounds=2",
         "--attack.probes=2", "--attack.rounds=1"]


def audit(folder: Path, *more: str, ranks: int = 1) -> Result:
    return medpfl("audit", *SMALL, f"--run.output={folder}", *more, ranks=ranks)


def done(folder: Path, *more: str, ranks: int = 1) -> h5py.File:
    result = audit(folder, *more, ranks=ranks)
    assert result.code == 0, result.err
    return h5py.File(folder / "audit.h5")


def texts(file: h5py.File, name: str) -> list[str]:
    return [text(value) for value in file[name][()]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of a network that is known to leak: wide weights, probes of one image."""
    folder = tmp_path_factory.mktemp("audit") / "plain"
    done(folder).close()
    return folder


def test_the_best_of_the_rehearsal_attacks_the_hospitals(plain: Path) -> None:
    with h5py.File(plain / "audit.h5") as file:
        assert texts(file, "stages/kind") == ["update", "probe"]
        for i, kind in enumerate(("update", "probe")):
            rows = [r for r, k in enumerate(texts(file, "candidates/kind")) if k == kind]
            chosen = [r for r in rows if file["candidates/chosen"][r]]
            assert len(rows) > 5
            assert len(chosen) == 1
            assert texts(file, "candidates/candidate")[chosen[0]] == texts(file, "stages/candidate")[i]
            # Among those that were tried on as many images.
            images = file["candidates/images"][()]
            rivals = [r for r in rows if images[r] == images[chosen[0]]]
            found = file["candidates/identified"][()] + file["candidates/reidentified"][()]
            assert found[chosen[0]] == max(found[r] for r in rivals)
            run = file[f"runs/round-1-{kind}"]
            assert set(texts(run, "attacks/tasks/method")) == {texts(file, "stages/method")[i]}
            assert set(run["attacks/tasks/round"][()]) == {1}
            row = texts(run, "attacks/summary/method").index(texts(file, "stages/method")[i])
            assert run["attacks/summary/identified"][row] == file["stages/identified"][i]


def test_what_leaks_is_said_in_every_place(plain: Path) -> None:
    """A LeNet with wide weights gives back each probe of one image."""
    with h5py.File(plain / "audit.h5") as file:
        assert file["stages/identified"][1] == 1
        assert texts(file, "stages/verdict")[1] == "leaks"
        assert text(file.attrs["verdict"]) == text(file.attrs["verdict_probe"]) == "leaks"
        reason = text(file.attrs["verdict_reason"])
    shown = medpfl("inspect", plain).out
    assert f"leaks; {reason}" in shown
    told = json.loads(medpfl("inspect", plain, "--json").out)
    assert told["verdict"] == {"finding": "leaks", "reason": reason}
    assert [s["kind"] for s in told["stages"]] == ["update", "probe"]


def test_rehearsals_see_no_image_of_a_hospital_or_of_an_evaluation(plain: Path) -> None:
    with h5py.File(plain / "federation/run.h5") as federation, \
            h5py.File(plain / "attack/round-1-probe/run.h5") as attack:
        victims = {image.tobytes() for image in attack["attacks/truth"][()]}
        digest = text(federation["data"].attrs["test_images_digest"])
    points = sorted((plain / "rehearsal").glob("*/points/*/run.h5"))
    assert len(points) > 10
    for point in points:
        with h5py.File(point) as run:
            mine = {image.tobytes() for image in run["attacks/truth"][()]}
            assert not victims & mine
            assert text(run["data"].attrs["test_images_digest"]) == digest
            # The weights are those of the attacked round.
            assert run["clients/labels"].shape == (16,)


def test_any_number_of_ranks_gives_the_same_audit(plain: Path, tmp_path: Path) -> None:
    with h5py.File(plain / "audit.h5") as one, done(tmp_path / "two", ranks=2) as two:
        first, second = all_datasets(one), all_datasets(two)
        for group in ("stages", "candidates"):
            for name in [n for n in first if n.startswith(group)]:
                assert first[name][()].tolist() == second[name][()].tolist() or \
                    np.array_equal(first[name][()], second[name][()], equal_nan=True), name
        for name in ("reconstruction", "truth", "images/ssim", "tasks/objective"):
            ours, theirs = (file[f"runs/round-1-probe/attacks/{name}"][()] for file in (one, two))
            assert ours.tobytes() == theirs.tobytes(), name


def test_a_stopped_audit_goes_on_to_the_same_verdict(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    stops = in_slices(lambda limit: audit(folder, "--resume", limit))
    assert stops >= 1
    with h5py.File(plain / "audit.h5") as one, h5py.File(folder / "audit.h5") as two:
        for name in ("stages/identified", "stages/chance", "candidates/identified", "candidates/ssim"):
            assert np.array_equal(one[name][()], two[name][()]), name
        assert text(two.attrs["status"]) == "complete"
    assert audit(folder, "--resume").code == 0


def test_several_networks_are_one_audit(tmp_path: Path) -> None:
    """An audit of one network goes on with a second: the first keeps its numbers."""
    folder, probes = tmp_path / "two", "--attack.targets=probes"
    with done(folder, probes) as file:
        before = {name: file[name][()].tolist() for name in ("candidates/ssim", "stages/identified")}
    with done(folder, probes, "--resume", "--networks=2") as file:
        assert file.attrs["networks"] == 2
        runs = [file["runs/round-1-probe"], file["runs/round-1-probe-network-1"]]
        assert [text(run["config/resolved"][()]).count("\nseed=2\n") for run in runs] == [0, 1]
        shares = []
        for run in runs:
            row = texts(run, "attacks/summary/method").index(texts(file, "stages/method")[0])
            shares.append(run["attacks/summary/identified"][row])
        assert file["stages/images"][0] == 8
        assert file["stages/inferred"][0] == 0
        assert file["stages/identified"][0] == pytest.approx(np.mean(shares))
        assert (file["stages/identified_low"][0], file["stages/identified_high"][0]) == \
            (min(shares), max(shares))
        assert shares[0] == before["stages/identified"][0]
        assert file["candidates/ssim"][()].tolist() == before["candidates/ssim"]
    with open_audit(folder) as found:
        assert [run.path.parts[-4] for run in found.open_attacks(found.stages.iloc[0])] == ["two", "network-1"]
    assert "range over 2 networks" in medpfl("inspect", folder).out
    done(folder, probes, "--overwrite").close()
    assert not (folder / "network-1").exists()
    assert sorted(p.name for p in folder.iterdir()) == ["B2SUMS", "attack", "audit.h5", "federation", "rehearsal"]


def test_the_attack_may_be_chosen_under_a_network_of_its_own(tmp_path: Path) -> None:
    """That of run.seed, as without --apart; attacked is the next one, as --networks=2 attacks it."""
    probes = "--attack.targets=probes"
    with done(tmp_path / "apart", probes, "--apart") as apart, done(tmp_path / "both", probes, "--networks=2") as both:
        assert (apart.attrs["rehearsed_apart"], both.attrs["rehearsed_apart"]) == (1, 0)
        assert apart["candidates/ssim"][()].tolist() == both["candidates/ssim"][()].tolist()
        assert texts(apart, "stages/run") == ["network-1/attack/round-1-probe"]
        assert apart["stages/images"][0] == 4
        name = "runs/round-1-probe-network-1/attacks/reconstruction"
        assert apart[name][()].tobytes() == both[name][()].tobytes()
        assert text(apart.attrs["federation"]) == "network-1/federation"
    assert not (tmp_path / "apart" / "attack").exists()
    with open_audit(tmp_path / "apart") as read, read.open_federation() as run:
        assert read.apart
        assert run.folder == tmp_path / "apart/network-1/federation"
    assert "under a network of their own" in medpfl("inspect", tmp_path / "apart").out
    again = audit(tmp_path / "apart", probes, "--resume")
    assert again.code == 2
    assert "--apart" in again.err


def test_single_attacks_stand_beside_the_audit(plain: Path, tmp_path: Path) -> None:
    """Those that apply; what does not fit the network (no dense layer first) is left out."""
    folder = tmp_path / "a"
    with done(folder, "--attack.targets=probes", "--presets=idlg,fc-readout,cpl") as file:
        assert texts(file, "presets/method") == ["idlg", "cpl"]
        run = h5py.File(folder / "presets/round-1-probe/run.h5")
        for i, method in enumerate(("idlg", "cpl")):
            row = texts(run, "attacks/summary/method").index(method)
            for ours, theirs in (("identified", "identified"), ("identified_low", "identified_low"),
                                 ("reidentified", "reidentified"), ("ssim", "ssim_mean"),
                                 ("hospitals", "hospitals"), ("clusters", "clusters"), ("chance", "chance")):
                assert file[f"presets/{ours}"][i] == run[f"attacks/summary/{theirs}"][row]
            assert texts(file, "presets/verdict")[i] == texts(run, "attacks/summary/verdict")[row]
        assert run["attacks/tasks/evaluations"][()].max() <= 60
        assert len(json.loads(medpfl("inspect", folder, "--json").out)["presets"]) == 2
    assert "What single attacks at their defaults would have told" in medpfl("inspect", folder).out
    with open_audit(folder) as found, open_audit(plain) as without:
        assert found.presets["method"].tolist() == ["idlg", "cpl"] and without.presets.empty


def test_a_file_of_schema_1_0_is_shown(plain: Path, tmp_path: Path) -> None:
    shutil.copy(plain / "audit.h5", tmp_path)
    with h5py.File(tmp_path / "audit.h5", "a") as file:
        file.attrs["schema_version"] = np.array([1, 0])
        del file.attrs["network"], file.attrs["networks"], file["presets"]
        for name in ("run", "hospitals", "inferred", "reidentified", "ssim"):
            del file[f"stages/{name}"]
    shown = medpfl("inspect", tmp_path)
    assert shown.code == 0 and "under this network alone" in shown.out
    found = json.loads(medpfl("inspect", tmp_path, "--json").out)
    assert "network" not in found and found["networks"] == 1 and found["presets"] == []
    with open_audit(tmp_path) as audit:
        assert audit.networks == 1 and audit.presets.empty and audit.stages["ssim"].isna().all()


def test_noise_is_judged_by_an_attack_that_works_without_it(tmp_path: Path) -> None:
    """Nothing tells attacks apart under such noise: what served best may be none that works, and another follows."""
    folder = tmp_path / "noise"
    # Such small steps that noise on them leaves the network as it is.
    with done(folder, "--defense.chain=gaussian", "--defense.gaussian.relative=norm",
              "--defense.gaussian.scale=30", "--federation.learning_rate=1e-9",
              "--attack.targets=probes") as file:
        attacks = len(file["stages/kind"])
        assert (file["stages/identified"][()] < 0.5).all()
        assert file["stages/undefended"][()].max() >= 0.5, "the one that works"
        assert attacks == 1 or file["stages/undefended"][0] < 0.5
        assert texts(file, "stages/run") == ["attack/round-1-probe", "judge/round-1-probe"][:attacks]
        assert sum(file["candidates/chosen"][()]) == attacks
        assert set(file["runs"]) == {"round-1-probe", "round-1-probe-judge"} - \
            ({"round-1-probe-judge"} if attacks == 1 else set())
        # So few images protect nobody.
        assert set(texts(file, "stages/verdict")) == {"inconclusive"}
        assert text(file.attrs["verdict"]) == "inconclusive"
    with open_audit(folder) as found:
        for _, stage in found.stages.iterrows():
            runs = found.open_attacks(stage)
            assert [run.tasks["method"].unique().tolist() for run in runs] == [[stage["method"]]]
            for run in runs:
                run.close()


def test_epsilon_sets_the_noise_and_updates_of_drawn_batches_are_not_tested(plain: Path, tmp_path: Path) -> None:
    """The noise is that which an audit without a defense names for the same epsilon."""
    done(tmp_path / "eps", "--epsilon=8").close()
    with open_audit(plain) as before, open_audit(tmp_path / "eps") as after:
        assert before.noise["epsilon"].tolist() == [8, 3, 1]
        assert before.noise["sigma"].is_monotonic_increasing
        assert before.noise["sigma"][0] == pytest.approx(float(after.config["defense.dp-sgd.sigma"]), rel=1e-5)
        assert after.noise.empty
        shown = levers(before.config, noise=before.noise)[-1].effect
        assert f"ε of 8 takes noise of {before.noise['sigma'][0]:.2g}," in shown
    with h5py.File(tmp_path / "eps/audit.h5") as file:
        assert texts(file, "stages/verdict")[0] == "not tested"
        assert text(file.attrs["verdict_update"]) == "not tested"
    with h5py.File(tmp_path / "eps/federation/run.h5") as run:
        assert 7 < run["rounds/epsilon"][-1] <= 8


def test_a_recorded_run_is_audited(tmp_path: Path) -> None:
    complete(tmp_path / "run", {"model.init": "uniform", "model.init_scale": 0.5, "attack.method": "",
                                "output.gradients": "attacked", "attack.rounds": "1"}).close()
    result = medpfl("audit", f"--input={tmp_path / 'run'}", "--evaluations=60",
                    f"--run.output={tmp_path / 'audit'}")
    assert result.code == 0, result.err
    with h5py.File(tmp_path / "audit/audit.h5") as file:
        assert set(file["stages/round"][()]) == {1}
        assert text(file.attrs["federation"]) == str(tmp_path / "run")
    assert not (tmp_path / "audit/federation").exists()


def test_minutes_become_evaluations_once(tmp_path: Path) -> None:
    arguments = [a for a in SMALL if not a.startswith("--evaluations")]
    shown = medpfl("audit", *arguments, "--minutes=0.2", "--dry-run", f"--run.output={tmp_path / 'a'}")
    assert shown.code == 0, shown.err
    assert "at most" in shown.out and "nothing was written" in shown.out
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("more", "message"), [
    (["--epsilon=8", "--defense.chain=clip"], "it is set already"),
    (["--federation.secure_aggregation=true", "--attack.sees=sum", "--attack.probes=0",
      "--attack.rounds=0", "--output.gradients=none"], "audit attacks single messages"),
    (["--attack.threat=malicious-server", "--model.imprint_bins=8", "--federation.batch_size=0"],
     "audit has an honest server"),
    (["--attack.rounds=none"], "attack.rounds selects no round"),
    (["--data.public=0.01"], "raise it"),
    (["--federation.rounds=3"], "federation.rounds is given twice"),
])
def test_what_cannot_be_audited_is_refused(more: list[str], message: str, tmp_path: Path) -> None:
    result = audit(tmp_path / "a", *more)
    assert result.code != 0
    assert message in result.err


def test_an_audit_keeps_its_folder(plain: Path, tmp_path: Path) -> None:
    assert audit(plain).code == OUTPUT
    assert "--resume" in audit(plain).err
    assert audit(plain, "--resume", "--federation.learning_rate=0.3").code == CONFIG
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("mine")
    assert audit(other).code == OUTPUT
    assert (other / "file").read_text() == "mine"


def test_the_page_says_what_the_file_says(plain: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(plain), "--output", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    with open_audit(plain) as found, h5py.File(plain / "audit.h5") as file:
        assert found.verdict() == (text(file.attrs["verdict"]), text(file.attrs["verdict_reason"]))
        assert found.stages["verdict"].tolist() == texts(file, "stages/verdict")
        for said in (*found.verdict(), *found.stages["verdict_reason"], *found.candidates["candidate"]):
            assert said in html
        probe = found.stages.iloc[1]
        [run] = found.open_attacks(probe)
        with run:
            assert len(run.images_with_tasks().query("chosen == 1")) == probe["images"]
    assert "The strongest leak: probes of round 1." in html
