"""Files that a config names besides the sheet: a teacher from another study, and start weights of students."""

import re
from pathlib import Path

from lowpower.config.study import Study
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.errors import InputError
from lowpower.magnification import describe
from lowpower.model_header import model_header

KINDS_OF_TEACHER = ("paired", "best_validation")
KINDS_OF_INIT = ("random", "teacher")


def external_teacher(study: Study) -> str | None:
    """Path of a teacher from another study, or None."""
    return None if study.teacher_choice in KINDS_OF_TEACHER else study.teacher_choice


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # a name that is too long
        return False


def _check_braces(key: str, path: str) -> None:
    """Reject braces: Snakemake looks for wildcards in its inputs and outputs. Slides are params and may have braces."""
    if re.search("[{}]", path):
        raise InputError(
            f"config: `{key}`: Snakemake reads braces in {path} as a wildcard; rename it without {{ and }}"
        )


def _check_weights(key: str, path: str, network: str) -> None:
    """Check that there is a file of start weights; its content is checked where it is read."""
    _check_braces(key, path)
    if not _is_file(path):
        raise InputError(
            f"config: `{key}`: there is no file {path}; write the path of a safetensors file with weights of {network} "
            "(docs/teachers.md tells how to make one). Nothing is downloaded"
        )


def check_external_models(study: Study) -> None:
    """Raise InputError for a missing file, a path with braces, or a teacher that does not fit this study.

    Paths are relative to the folder the workflow runs in.
    """
    if study.demo:
        _check_braces("slides", str(Path(study.slides).parent))  # the folder of the drawn slides
    if study.teacher_weights:
        _check_weights("teacher.weights", study.teacher_weights, study.teacher_network)
    for name, method in study.methods.items():
        if method.init not in KINDS_OF_INIT:
            _check_weights(f"methods.{name}.init", method.init, method.network)
    path = external_teacher(study)
    if path is None:
        return
    _check_braces("teacher", path)
    if not _is_file(path):
        raise InputError(
            f"config: `teacher`: there is no file {path}; write paired, best_validation or the path of a "
            "model.safetensors"
        )
    if Path(path).resolve().is_relative_to(Path("results", study.cohort).resolve()):
        raise InputError(
            f"config: `teacher`: {path} belongs to this study, which would overwrite it; write another `cohort`, or "
            "copy the file elsewhere"
        )
    header = model_header(path)
    compared = {
        "the architecture": (header.architecture, DEFAULT_NETWORK),
        "the classes": (", ".join(header.classes), ", ".join(study.classes)),
        "magnification": (
            header.magnification and describe(header.magnification),
            describe(study.teacher_magnification),
        ),
        "`training.bags`": (header.bags or "none", study.training.bags),
    }
    differing = [
        f"{field} {of_model}, the config {of_config}"
        for field, (of_model, of_config) in compared.items()
        if of_model != of_config
    ]
    if differing:
        raise InputError(
            f"config: `teacher`: {path} has {'; '.join(differing)}. Choose another model, or write its classes, in its "
            "order, and its magnification into the config"
        )
