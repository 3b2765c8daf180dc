"""What the tests of this folder share. `make test` leaves the folder out, `make test-cluster` runs it."""

import signal
import tempfile
from pathlib import Path

import pytest
from slurm_cluster import running_cluster, what_is_missing
from workflow_runs import run_smoke


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """The smoke preset, run without a cluster; no test may change it."""
    return run_smoke(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="session")
def cluster():
    """A SLURM of six nodes, in a short path that others may enter, which pytest's own folders are not."""
    if missing := what_is_missing():
        pytest.skip(missing)
    # so that a time limit of the tests leaves nothing running
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder,
        running_cluster(Path(folder)) as running,
    ):
        yield running
