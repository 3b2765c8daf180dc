"""The tiny cohort with a trained teacher."""

import pytest
from training_runs import teach


@pytest.fixture
def cohort(tiny_cohort):
    """The tiny cohort with a trained teacher."""
    teach(tiny_cohort, tiny_cohort / "teacher")
    return tiny_cohort
