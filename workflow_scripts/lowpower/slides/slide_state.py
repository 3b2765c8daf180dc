"""The state that each step leaves behind for each slide.

A bad slide is a row, not a crash: every step writes all its files for every slide, and the state says why nothing
is in them. Once excluded, a slide keeps the step and the reason. What is doubtful about a slide is a warning: it
excludes nothing, and each step's state holds the warnings of that step alone.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.log import say


def make_state(slide: str, step: str, reason: str = "", warnings: Sequence[str] = (), **found: object) -> dict:
    """The state of a slide after a step: excluded when there is a reason.

    warnings: what the step doubts, each with the numbers found and what to do. found: what else it records.
    """
    state = "excluded" if reason else "usable"
    return {"slide": slide, "step": step, "state": state, "reason": reason, "warnings": list(warnings), **found}


def next_state(earlier: dict, step: str, reason: str = "", warnings: Sequence[str] = (), **found: object) -> dict:
    """The state after ``step``, given the state an earlier step left: what was excluded there stays excluded there."""
    if is_usable(earlier):
        return make_state(earlier["slide"], step, reason, warnings, **found)
    return make_state(earlier["slide"], earlier["step"], earlier["reason"], warnings, **found)


def is_usable(state: dict) -> bool:
    """Whether the slide with this state can be used."""
    return state["state"] == "usable"


def say_state(state: dict, step: str, found: str) -> None:
    """Say in one line what came of a step: ``found``, filled in from the state, or that it excluded the slide.

    Each warning of the step has a line of its own. Nothing is said of a slide that an earlier step excluded.
    """
    for warning in state["warnings"]:
        say(f"WARNING: {state['slide']}: {warning}")
    if is_usable(state):
        say(f"{state['slide']}: {found.format_map(state)}")
    elif state["step"] == step:
        say(f"{state['slide']} is excluded ({step}): {state['reason']}")


def write_picture(path: str | Path, picture: np.ndarray) -> None:
    """Write a PNG. picture: (H, W) or (H, W, 3) uint8."""
    with files.replacing(path) as part:
        part.write_bytes(files.encode(picture))
