"""Reads the result files of MedPFL: tables, pictures and a self-contained HTML report.

>>> from medpfl_analysis import open_run, summarize_run
>>> with open_run("runs/quickstart") as run:
...     print(run.status, summarize_run(run))
"""

from .audit import Audit, open_audit
from .hdf5 import RunFormatError
from .run import Run, open_run
from .scores import summarize, summarize_run
from .sweep import Sweep, open_sweep

__version__ = "0.1.0"

__all__ = ["Audit", "Run", "RunFormatError", "Sweep", "__version__", "open_audit", "open_run",
           "open_sweep", "summarize", "summarize_run"]
