"""Descriptions of an exported folder that catalogs of data read: RO-Crate 1.1 and Croissant 1.0, both JSON-LD."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from .run import Run

RO_CRATE, CROISSANT = "ro-crate-metadata.json", "croissant.json"
_FORMATS = {".csv": "text/csv", ".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml"}
_CROISSANT_CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
    "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "parentField": "cr:parentField", "path": "cr:path", "rai": "http://mlcommons.org/croissant/RAI/", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _described(run: Run) -> str:
    verdict = f" Verdict: {run.verdict}." if run.verdict else ""
    return (f"A simulated federation of {len(run.clients)} hospitals on {run.data_name}, attacked by gradient inversion: what its "
            f"messages leak, by MedPFL {run.medpfl_version} (commit {run.git_sha}).{verdict}")


def _files(folder: Path) -> list[Path]:
    """All files of an exported folder but the descriptions, in order of their names."""
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name not in (RO_CRATE, CROISSANT)]


def _write(path: Path, made: dict[str, Any]) -> Path:
    path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_ro_crate(run: Run, folder: Path) -> Path:
    """Describes all files of the folder in ro-crate-metadata.json; returns its path."""
    names = [file.relative_to(folder).as_posix() for file in _files(folder)]
    parts = [{"@id": name, "@type": "File", "name": name, "encodingFormat": _FORMATS[Path(name).suffix],
              "contentSize": str((folder / name).stat().st_size), "sha256": digest(folder / name)} for name in names]
    program = {"@id": "#medpfl", "@type": "SoftwareApplication", "name": "MedPFL", "softwareVersion": f"{run.medpfl_version} ({run.git_sha})"}
    made = {"@id": "#run", "@type": "CreateAction", "name": f"MedPFL run {run.name}", "instrument": {"@id": "#medpfl"},
            "endTime": run.created_utc, "result": [{"@id": name} for name in names]}
    root = {"@id": "./", "@type": "Dataset", "name": f"MedPFL run {run.name}", "description": _described(run),
            "datePublished": run.created_utc, "hasPart": [{"@id": name} for name in names], "mentions": {"@id": "#run"}}
    about = {"@id": RO_CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}}
    return _write(folder / RO_CRATE, {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, root, program, made, *parts]})


def _data_type(column: pd.Series) -> str:
    for kind, name in (("b", "sc:Boolean"), ("i", "sc:Integer"), ("u", "sc:Integer"), ("f", "sc:Float")):
        if column.dtype.kind == kind:
            return name
    return "sc:Text"


def write_croissant(run: Run, tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Describes the CSV tables of the folder, with their digests and columns, in croissant.json; returns its path."""
    objects = [{"@type": "cr:FileObject", "@id": f"{name}.csv", "name": f"{name}.csv", "contentUrl": f"{name}.csv", "encodingFormat": "text/csv",
                "contentSize": f"{(folder / f'{name}.csv').stat().st_size} B", "sha256": digest(folder / f"{name}.csv")} for name in tables]
    records = [{"@type": "cr:RecordSet", "@id": name, "name": name, "field": [
        {"@type": "cr:Field", "@id": f"{name}/{column}", "name": column, "dataType": _data_type(frame[column]),
         "source": {"fileObject": {"@id": f"{name}.csv"}, "extract": {"column": column}}} for column in map(str, frame.columns)]}
        for name, frame in tables.items()]
    return _write(folder / CROISSANT, {
        "@context": _CROISSANT_CONTEXT, "@type": "sc:Dataset", "name": f"MedPFL run {run.name}", "description": _described(run),
        "conformsTo": "http://mlcommons.org/croissant/1.0", "datePublished": run.created_utc, "version": run.medpfl_version,
        "distribution": objects, "recordSet": records})
