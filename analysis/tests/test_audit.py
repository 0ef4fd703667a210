"""Audits: the verdicts and tables of the file, and the page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import ROOT, phantoms, write_run
from synthetic_audit import Stage, write_audit
from synthetic_sweep import CLAIM, write_claim

from medpfl_analysis import Audit, RunFormatError, open_audit, open_run
from medpfl_analysis.__main__ import main
from medpfl_analysis.audit_report import render_audit, strongest_leak, strongest_stage
from medpfl_analysis.decision import network_words

WEAK = ("inconclusive", "the attack is too weak to judge: with the defense off it identifies 10 %")
LEAKS = ("leaks", "at least 25 % are identified (chance < 0.4 %)")
NONE = ("not tested", "no attack here applies to such messages")
ALL = ("leaks", "probes of round 2: at least 25 % are identified (chance < 0.4 %)")
TRIED = (("tv-0.1", 24, 0.5, 0.61), ("generator", 6, 0.75, -0.004), ("tv-0.3", 24, 0.25, 0.55))


def stages() -> list[Stage]:
    """Two rounds; the second probes leak most by the lower limit, the first ones by the share."""
    return [Stage("update", 0, WEAK, images=600, undefended=0.1, candidates=TRIED),
            Stage("update", 2, NONE, method="", images=0, clusters=0, chance=np.nan, undefended=np.nan),
            Stage("probe", 0, LEAKS, identified=(0.9, 0.2, 1.0), candidates=TRIED[:1]),
            Stage("probe", 2, LEAKS, method="cpl", candidates=TRIED)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete audit; tests must not change it."""
    return write_audit(tmp_path_factory.mktemp("audits") / "noise", stages(), ALL,
                       kinds={"update": WEAK, "probe": LEAKS}, minutes=15)


def page(folder: Path) -> str:
    """The page, in which any space is a plain one."""
    with open_audit(folder) as audit:
        return re.sub(r"\s+", " ", render_audit(audit))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def test_the_tables_by_hand(folder: Path) -> None:
    with open_audit(folder / "audit.h5") as audit:
        assert isinstance(audit, Audit)
        assert (audit.verdict(), audit.verdict("update"), audit.verdict("probe")) == (ALL, WEAK, LEAKS)
        assert audit.stages["kind"].tolist() == ["update", "update", "probe", "probe"]
        assert (audit.balanced_accuracy, audit.chance, audit.minutes) == (0.61, 0.25, 15)
        assert (audit.evaluations("update"), audit.evaluations("probe")) == (1500, 60)
        last = audit.stages.iloc[-1]
        tried = audit.rehearsal(last)
        assert tried["candidate"].tolist() == ["tv-0.1", "tv-0.3", "generator"], "more images before few"
        assert tried["chosen"].tolist() == [1, 0, 0]
        for run in audit.open_attacks(last):
            assert run.tasks["method"].unique().tolist() == ["cpl"]
        with audit.open_federation() as run:
            assert len(run.rounds) == 3
        assert strongest_leak(audit).equals(last)


def test_the_first_screen_says_the_verdict_and_what_was_not_tested(folder: Path) -> None:
    header = words(page(folder).partition("</header>")[0])
    for said in (f"▲ Leaks {ALL[1].replace('<', '&lt;')}",
                 f"? inconclusive on updates, which hospitals really send {WEAK[1]}",
                 "▲ leaks on probes, gradients of single batches at least 25 %",
                 f"Not tested Updates of round 2: {NONE[1]}.",
                 "What came back 2 of 4 private images (50 %; 95 % interval 25 to 75 %) are identified by the strongest attack "
                 "here, cpl on probes of round 2, which was chosen on public images. A guess identifies 0.4 %. With the "
                 "defense off the same attack identifies 90 % of public images.",
                 "The network attacked in round 0 was untrained.",
                 "Balanced accuracy at the end is 61 % (chance is 25 %).",
                 "The server sees the messages of each hospital by themselves.",
                 "Privacy budget None is claimed: gaussian without clipping", "This page holds private images of brain",
                 "Time given 15 minutes", "Evaluations 1,500 an update, 60 a probe", "Images brain"):
        assert said in header
    assert "ε " not in header


def test_limits_say_what_they_are_about(tmp_path: Path) -> None:
    for networks, said in ((1, "images under this network alone"), (3, "the range over the 3 networks"),
                           (5, "images and networks (5 were attacked)")):
        html = page(write_audit(tmp_path / str(networks), stages(), ALL, networks=networks))
        assert said in html
        assert ("50 % 25 – 75, range" in words(html)) == (networks == 3)
        assert ("Audit several networks" in html) == (networks == 1)


def test_each_stage_has_its_numbers(folder: Path) -> None:
    table = page(folder).partition("What was attacked</h2>")[2].partition("</table>")[0]
    first, second, *_ = [words(body) for body in re.findall("<tbody>.*?</tbody>", table)]
    assert first == (f"Updates of round 0 by tv-0.1 Inconclusive: {WEAK[1]} dlg tv=0.1 ? inconclusive "
                     "50 % 25 – 75 50 % 0.4 % 10 % 600 in 2 hospitals 60 31 %")
    assert second == (f"Updates of round 2 Not tested: {NONE[1]} ○ not tested – – – – 0 60 31 %")


def test_single_attacks_have_a_table(folder: Path, tmp_path: Path) -> None:
    html = page(write_audit(tmp_path / "a", stages(), ALL, presets=(("idlg", 0.5), ("cpl", 0.1))))
    table = html.partition("What single attacks would have told</h2>")[2].partition("</table>")[0]
    rows = [words(row) for row in re.findall("<tr>.*?</tr>", table)[1:]]
    assert rows == ["idlg updates of round 0 ? inconclusive 50 % 25 – 75 50 % 0.50 20",
                    "cpl updates of round 0 ? inconclusive 10 % 5 – 55 10 % 0.10 20"]
    assert "best of 2" in html and "What single attacks" not in page(folder)


def test_columns_that_earlier_files_lack_are_no_numbers(tmp_path: Path) -> None:
    folder = write_audit(tmp_path / "a", stages(), ALL, presets=(("idlg", 0.5),))
    with open_audit(folder) as audit:
        assert audit.presets["clusters"].tolist() == [2] and audit.stages["ssim"][0] == 0.5
    with h5py.File(folder / "audit.h5", "a") as file:
        del file["stages/ssim"], file["presets/clusters"]
    with open_audit(folder) as audit:
        assert audit.presets["clusters"].isna().all() and audit.stages["ssim"].isna().all()


def test_rehearsals_have_a_table_each(folder: Path) -> None:
    part = page(folder).partition("What was tried on public images</h2>")[2].partition("</section>")[0]
    assert re.findall("<h3>(.*?)</h3>", part) == ["Updates of round 0", "Probes of round 0", "Probes of round 2"]
    rows = [words(row) for row in re.findall("<tbody>.*?</tbody>", part)]
    assert rows[0].endswith("tv-0.3 dlg tv=0.1 24 25 % 25 % 0.55 generator dlg tv=0.1 6 75 % 75 % 0.00")
    assert rows[1] == "→ tv-0.1, chosen dlg tv=0.1 24 50 % 50 % 0.61"
    assert rows[2].startswith("→ tv-0.1, chosen cpl tv=0.1") and rows[2].count("chosen") == 1


def test_two_attacks_on_a_stage_have_one_rehearsal(folder: Path, tmp_path: Path) -> None:
    both = [stages()[0], Stage("update", 0, WEAK, method="cpl")]
    html = page(write_audit(tmp_path / "a", both, WEAK, runs=False))
    assert html.count("<b>Updates of round 0</b>") == 2 and html.count("<h3>Updates of round 0</h3>") == 1
    explained = "the second served best in the rehearsal with the defense off"
    assert explained in html and explained not in page(folder)


def test_the_gallery_is_of_the_strongest_leak(folder: Path) -> None:
    html = page(folder)
    assert "The strongest leak: probes of round 2." in html
    assert "All 4 reconstructions: the strongest attack first" in html
    assert len(re.findall(r'class="card"', html)) == 4


def test_the_gallery_has_the_images_of_all_networks(tmp_path: Path) -> None:
    one = Stage("probe", 0, LEAKS, candidates=TRIED)
    folder = write_audit(tmp_path / "a", [one], ALL, networks=3)
    for network in (1, 2):  # behind the first one, which is in the audit's own folders
        write_run(folder / f"network-{network}/attack/round-0-probe")
    html = page(folder)
    assert re.findall(r'data-network="(.)"', html).count("3") == 4 and "12 of 12 shown" in html
    assert "Hospital 1 (3 of 3) 2 (0 of 3)" in words(html), "an image of a hospital under each network"


def test_states_of_several_networks_are_counted() -> None:
    def tasks(*states: tuple[int, str]) -> pd.DataFrame:
        return pd.DataFrame(states, columns=["round", "network"])

    trained, useless = tasks((2, "above chance"), (2, "above chance")), tasks((2, "at chance"))
    assert network_words({}, [trained, useless, trained]) == [
        "2 of 3 networks attacked in round 2 were above chance.", "1 of 3 networks attacked in round 2 was at chance."]
    assert network_words({}, [useless, useless]) == ["All 2 networks attacked in round 2 were at chance."]
    assert network_words({}, [tasks((0, "untrained"), (5, "untrained"))]) == [
        "The network attacked in rounds 0 and 5 was untrained."]


def test_where_nothing_leaks_the_attack_that_works_undefended_is_named(tmp_path: Path) -> None:
    none = (0, 0, 0.2)
    both = [Stage("probe", 0, WEAK, identified=none, undefended=0), Stage("probe", 0, WEAK, method="cpl", identified=none, undefended=1)]
    with open_audit(write_audit(tmp_path / "a", both, WEAK, runs=False)) as audit:
        assert strongest_stage(audit)["method"] == "cpl"


def test_a_page_without_images(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    assert main(["report", str(folder), "--no-images", "--output", str(output)]) == 0
    html = output.read_text(encoding="utf-8")
    assert "data:image" not in html and "left out" in html and "holds private images" not in html


def test_page_is_self_contained_and_without_the_root(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    assert main(["report", str(folder), "--output", str(output)]) == 0
    html = output.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and "federation.rounds" in html
    assert "http" not in html and not re.findall(r"url\((?!#)", html)
    assert ROOT not in html and "run.seed" not in html
    assert "role=\"status\"" not in html


def test_nothing_that_leaks_has_no_gallery(tmp_path: Path) -> None:
    """Without a defense there is no column for it."""
    one = Stage("update", 0, WEAK, undefended=np.nan, candidates=TRIED)
    html = page(write_audit(tmp_path / "a", [one], WEAK))
    assert 'class="card"' not in html and "Defense off" not in html and "At most" not in html
    assert words(re.findall("<h1>.*?</h1>", html)[0]) == f"? Inconclusive {WEAK[1]}"


def test_epsilon_and_the_bound_stand_beside_the_verdict(tmp_path: Path) -> None:
    folder = write_audit(tmp_path / "a", [Stage("update", 0, WEAK, bound=0.1201)], WEAK)
    with h5py.File(folder / "federation/run.h5", "a") as file:
        write_claim(file, np.full(3, 8.0))
    html = page(folder)
    header = words(html.partition("</header>")[0])
    assert f"Privacy budget ε 8.00 (classic 9.00) at δ 1e-05: {CLAIM}." in header
    assert "By this ε no attack is expected to identify more than 12.1 % of the attacked images." in header
    assert f"at δ 1e-05: {CLAIM}." in html and '<td class="num">12.1 %</td>' in html


def test_a_model_at_chance_is_called_so(tmp_path: Path) -> None:
    """By the word of the federation's run."""
    folder = write_audit(tmp_path / "a", stages()[:1], WEAK)
    assert "at chance" not in page(folder)
    with h5py.File(folder / "federation/run.h5", "a") as file:
        file["rounds/network"][-1] = "at chance"
    assert "The model at the end is at chance: what leaks from a network that nobody" in page(folder)


@pytest.mark.parametrize(("status", "said"), [
    ("running", "This audit has not finished"), ("interrupted", "This audit was interrupted")])
def test_an_audit_at_work_shows_what_there_is(tmp_path: Path, status: str, said: str) -> None:
    begun = write_audit(tmp_path / "begun", [], ("not tested", "nothing was attacked"), status=status,
                        runs=False)
    html = page(begun)
    assert said in html and "○" in re.findall("<h1>.*?</h1>", html)[0]
    assert "What was attacked" not in html and "What was tried" not in html
    assert said in page(write_audit(tmp_path / "half", stages()[:1], WEAK, status=status))


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = write_audit(tmp_path / "a", stages(), ALL)
    shutil.rmtree(folder / "attack/round-2-probe")
    shutil.rmtree(folder / "federation")
    html = page(folder)
    assert "attack/round-2-probe" in html and "federation: no such file" in html
    assert 'class="card"' not in html and "What was attacked" in html


def test_a_recorded_run_is_found_by_its_own_path(tmp_path: Path) -> None:
    folder = write_audit(tmp_path / "a", stages()[:1], WEAK, federation=str(tmp_path / "moved"))
    (folder / "federation").rename(tmp_path / "moved")
    with open_audit(folder) as audit, audit.open_federation() as run:
        assert run.folder == (tmp_path / "moved").resolve()


def test_refusals(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunFormatError, match="is an audit; give one of its runs"):
        open_run(folder)
    for command in (["summary"], ["export", "--output", str(tmp_path / "out")]):
        assert main([*command, str(folder)]) == 1
        assert "use the command report" in capsys.readouterr().err
    with pytest.raises(RunFormatError, match="give an audit's folder or its audit.h5"):
        open_audit(tmp_path)
    with pytest.raises(RunFormatError, match="not 'medpfl-audit'"):
        open_audit(folder / "federation/run.h5")
    damaged = write_audit(tmp_path / "damaged", [], WEAK, runs=False)
    with h5py.File(damaged / "audit.h5", "a") as file:
        del file.attrs["verdict_reason"]
    assert main(["report", str(damaged)]) == 1
    assert "attribute verdict_reason is missing" in capsys.readouterr().err
