"""The time that a training takes, over all its attempts; no model and no result ever holds it."""

import time

from lowpower.models import parallel

_MINUTE = 60.0  # between checkpoints: what a kill without warning can cost, where validations lie farther apart


class Stopwatch:
    """Started with an attempt. before: what ``read`` gave for the checkpoint that is continued, None for none."""

    def __init__(self, before: dict | None) -> None:
        self.before = before or {"seconds": 0.0, "cpu_seconds": 0.0, "attempts": 0}
        self.start = self.saved = time.monotonic()
        self.cpu_start = time.process_time()

    def minute_over(self) -> bool:
        """Whether it is a minute since the last checkpoint."""
        return time.monotonic() - self.saved > _MINUTE

    def read(self) -> dict:
        """Wall seconds, processor seconds of all processes, and attempts, up to now; asked at every checkpoint."""
        self.saved = time.monotonic()
        (cpu_seconds,) = parallel.total([time.process_time() - self.cpu_start])
        return {
            "seconds": round(self.before["seconds"] + self.saved - self.start, 3),
            "cpu_seconds": round(self.before["cpu_seconds"] + cpu_seconds, 3),
            "attempts": self.before["attempts"] + 1,
        }
