"""Time of a training: the content of ``time.json``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingTime:
    """Time over all attempts."""

    seconds: float = 0.0  # by the clock
    cpu_seconds: float = 0.0  # of all processes
    attempts: int = 0  # 1 if the training was never stopped
    steps: int = 0  # of the optimizer
    device: str = ""  # cpu or cuda
    processes: int = 0
    threads: int = 0  # of each process


NO_TIME = TrainingTime()  # of a stage that takes no step
