"""One trained model of a study, for the steps after training; not part of the config, so its changes rerun none."""

from dataclasses import asdict, dataclass

from lowpower import magnification

DEFAULT_NETWORK = "resnet10"  # equals lowpower.models.resnet.ResNet.name, whose import needs torch


@dataclass(frozen=True)
class Model:
    """One trained model, and the percentages of the labeled and unlabeled training patients it learns from."""

    method: str
    magnification: float
    labeled: int
    unlabeled: int
    seed: int
    network: str = DEFAULT_NETWORK

    @property
    def folder(self) -> str:
        """Folder of the model's files, below results/{cohort}/."""
        if self.method == "teacher":
            return f"teacher/seed{self.seed}"
        scale = magnification.name_of(self.magnification)
        return f"students/{self.method}/{scale}/labeled{self.labeled}-unlabeled{self.unlabeled}/seed{self.seed}"

    def as_row(self) -> dict:
        """The model as plain values, for a rule's params."""
        return asdict(self)


@dataclass(frozen=True)
class ResultModel(Model):
    """A model in the tables of results. steps: optimizer steps; None for a network that is fitted."""

    steps: int | None = None


@dataclass(frozen=True)
class TimedModel(Model):
    """A model in the table of training budgets.

    teacher, recording: True if its method uses the teacher or the recording. online: True if the teacher runs at
    every step.
    """

    teacher: bool = False
    recording: bool = False
    online: bool = False
