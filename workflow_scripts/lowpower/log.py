"""Output of a job: everything goes to its log file, the lines of interest to a user also to the terminal."""

import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

from lowpower.errors import remedy

_terminal = sys.stderr


def open_log(path: str | Path) -> None:
    """Redirect all output of this process, including that of compiled libraries, to the file ``path``."""
    global _terminal
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    _terminal = os.fdopen(os.dup(2), "w", buffering=1)
    with open(path, "w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.excepthook = show_error


def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the error of a failed job: one message if the user can fix it, otherwise the full traceback."""
    message = remedy(error)
    if message is None:
        traceback.print_exception(kind, error, trace)
        message = f"this looks like a mistake in lowpower ({kind.__name__}); please report it with this log"
    print(f"lowpower: {message}", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print one line to the log and to the terminal."""
    print(text, file=sys.stderr, flush=True)
    if _terminal is not sys.stderr:
        print(text, file=_terminal, flush=True)


def silence() -> None:
    """Silence this process, because only the first of several processes of a job prints."""
    global _terminal
    sys.stdout = sys.stderr = _terminal = open(os.devnull, "w")  # noqa: SIM115, for the rest of the process


class Progress:
    """Report of a long step's progress, rate and remaining time, at most every ``every`` seconds."""

    def __init__(self, title: str, total: int, done: int = 0, every: float = 10.0) -> None:
        self.title, self.total, self.first, self.every = title, total, done, every
        self.start = self.last = time.monotonic()

    def at(self, done: int, note: str = "") -> None:
        """Report, after each item, that ``done`` items of ``total`` are finished."""
        now = time.monotonic()
        if now - self.last < self.every and done < self.total:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.start, 1e-9)
        left = (self.total - done) / rate if rate else float("nan")
        say(f"{self.title}: {done} of {self.total}, {rate:.3g}/s, {left:.0f} s left{', ' + note if note else ''}")
