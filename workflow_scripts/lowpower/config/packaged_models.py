"""Which models of a study may become its package, by the config key ``package``."""

from collections.abc import Sequence

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.config.training_jobs import controls
from lowpower.errors import InputError
from lowpower.text import abbreviate

BEST = "best"


def package_folder(study: Study) -> str:
    """Folder of the package, below results/{cohort}/: that of the request, so that it is known before training."""
    return f"packages/{'-'.join(_parts(study)) or BEST}"


def packaged_models(study: Study, models: Sequence[Model]) -> list[Model]:
    """Models that fit the request; teachers and controls only where it names them. Raises InputError for none."""
    asked = _parts(study)
    hidden = {"teacher", *controls(study)} - {*asked}
    fitting = [model for model in models if model.method not in hidden and {*asked} <= {*model.folder.split("/")}]
    if not fitting:
        rows = sorted({"/".join(model.folder.split("/")[1:3]) for model in models if model.method != "teacher"})
        raise InputError(
            f"config: `package`: no model of the study is {study.package or 'a student other than a control'}; write "
            f"method/magnification, such as {abbreviate(rows)}, or teacher"
        )
    return fitting


def package_name(model: Model) -> str:
    """Name of a model in its package."""
    return "-".join(model.folder.removeprefix("students/").split("/"))


def _parts(study: Study) -> list[str]:
    return [part for part in study.package.split("/") if part]
