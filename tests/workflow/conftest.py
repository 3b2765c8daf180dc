"""The smoke preset, run once."""

import shutil

import pytest
from workflow_runs import run_smoke


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    """The smoke preset, run on two cores. Tests that change files take ``project`` instead."""
    return run_smoke(tmp_path_factory.mktemp("smoke"))


@pytest.fixture
def project(smoke, tmp_path):
    """A copy of the finished smoke run that a test may change."""
    folder = tmp_path / "project"
    shutil.copytree(smoke, folder, symlinks=True)
    return folder
