"""What other tools read: notebooks, exports with descriptions, a closed run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import matplotlib
import pandas as pd
import pytest
from synthetic import write_run
from synthetic_audit import Stage, write_audit
from synthetic_sweep import Point, write_sweep

from medpfl_analysis import Run, RunFormatError, open_audit, open_run, open_sweep
from medpfl_analysis.__main__ import main

NOTEBOOK = Path(__file__).parents[1] / "notebooks/results.ipynb"


def test_the_notebook_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All its cells, in order, on another run; it is stored without outputs."""
    matplotlib.use("Agg")
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5 and all(cell["outputs"] == [] for cell in cells)
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict[str, object] = {}
    for cell in cells:
        text = "".join(cell["source"])
        assert "runs/strong" not in text or 'RUN = "../../runs/strong"' in text
        exec(text.replace("../../runs/strong", str(folder)), names)
    assert len(names["kept"]) == 4 and len(names["truth"]) == 4  # type: ignore[arg-type]


def test_a_run_shows_itself(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a <b>")
    with open_run(folder) as run:
        html = run._repr_html_()
        assert "a &lt;b&gt;" in html and "<th>psnr</th>" in html and "dlg" in html
        assert repr(run) == f"<Run {folder / 'run.h5'}: complete>"
    found = ("leaks", "x < y")
    with open_audit(write_audit(tmp_path / "audit", [Stage("probe", 0, found)], found)) as audit:
        assert "▲ leaks</b>: x &lt; y" in audit._repr_html_()
    sweep_folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}, (0.9, 0.6, 0.6, 0.1))])
    with open_sweep(sweep_folder) as sweep:
        assert "<td>none</td>" in sweep._repr_html_()


def test_a_closed_run_says_so(folder: Path) -> None:
    run = open_run(folder)
    images = run.images
    run.close()
    assert run.images is images and "closed" in repr(run)
    with pytest.raises(RunFormatError, match="was closed.*open the file again"):
        _ = run.trace


def test_flags_are_booleans_and_rows_have_their_hospital(run: Run) -> None:
    assert all(run.images[f"success_{name}"].dtype == bool for name in ("psnr_20", "ssim_50", "ssim_70", "ssim_90"))
    row = run.reconstructions.iloc[-1]
    assert row["class_name"] == run.class_names[row["label"]]
    assert row["hospital_examples"] == run.clients["examples"][row["client"]]
    assert row["hospital_lesion"] == run.clients["lesion"][row["client"]]
    assert len(run.reconstructions) == len(run.images)


def test_a_sum_has_no_hospital(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    with h5py.File(folder / "run.h5", "a") as file:
        file["attacks/tasks/client"][...] = -1
    with open_run(folder) as run:
        assert run.reconstructions["hospital_examples"].isna().all()


def test_exports_are_described_with_their_digests(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", str(folder), "--output", str(out), "--json", "--ro-crate", "--croissant"]) == 0
    digests = {file.relative_to(out).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
               for file in out.rglob("*") if file.is_file()}
    rounds = pd.read_csv(out / "rounds.csv")
    assert [row["round"] for row in json.loads((out / "rounds.json").read_text())] == rounds["round"].tolist()

    graph = json.loads((out / "ro-crate-metadata.json").read_text())["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    listed = {part["@id"] for part in by_id["./"]["hasPart"]}
    assert listed == set(digests) - {"ro-crate-metadata.json", "croissant.json"}
    assert all(by_id[name]["sha256"] == digests[name] and int(by_id[name]["contentSize"]) > 0 for name in listed)

    croissant = json.loads((out / "croissant.json").read_text())
    assert {one["name"]: one["sha256"] for one in croissant["distribution"]} == {
        name: value for name, value in digests.items() if name.endswith(".csv")}
    fields = {record["name"]: [field["source"]["extract"]["column"] for field in record["field"]]
              for record in croissant["recordSet"]}
    assert fields["rounds"] == list(rounds.columns)
    types = {field["name"]: field["dataType"] for record in croissant["recordSet"] if record["name"] == "images"
             for field in record["field"]}
    assert (types["psnr"], types["success_psnr_20"], types["label"], types["method"]) == (
        "sc:Float", "sc:Boolean", "sc:Integer", "sc:Text")
