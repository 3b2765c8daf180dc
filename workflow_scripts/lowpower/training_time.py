"""Time and looks of a training: the content of ``time.json``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingTime:
    """Time over all attempts, and looks of the model.

    A look is one view of a training region, through forward and backward, in an optimizer step.
    """

    seconds: float = 0.0  # by the clock
    cpu_seconds: float = 0.0  # of all processes
    attempts: int = 0  # 1 if the training was never stopped
    steps: int = 0  # of the optimizer
    device: str = ""  # cpu or cuda
    processes: int = 0
    threads: int = 0  # of each process
    looks: int = 0  # of all processes in these steps
    regions: int = 0  # training regions that the stage may use


NO_TIME = TrainingTime()  # of a stage that takes no step
