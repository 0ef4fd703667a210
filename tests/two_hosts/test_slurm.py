"""A private Slurm whose nodes are the two hosts."""

from __future__ import annotations

from pathlib import Path

from harness import LIMIT
from hosts import on_two_hosts

# Slurm's commands work on a node alone: its tests run on hosta.
PYTEST = 'PYTEST_DEBUG_TEMPROOT=$PWD exec /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@"'


def test_a_slurm_of_two_nodes(tmp_path: Path) -> None:
    """An array, a requeue and data on the disks of nodes (two_nodes.py)."""
    result = on_two_hosts(tmp_path, PYTEST, str(Path(__file__).with_name("two_nodes.py")), timeout=4 * LIMIT)
    assert result.code == 0, result.out + result.err
