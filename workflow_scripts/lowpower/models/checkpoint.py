"""The checkpoint from which a stopped training continues to the same bytes, and the signals that stop it."""

import hashlib
import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from lowpower.files import replacing
from lowpower.log import say

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)  # SLURM sends the last before a time limit (profiles/slurm)
_DIGEST = hashlib.sha256().digest_size

SAVE_EVERY = 60.0  # seconds: the most that a kill without warning costs, if validations are rarer


def fingerprint(*content: object) -> str:
    """Hash of plain values, 16 hex digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def save_checkpoint(path: Path, state: dict) -> None:
    """Write the hash of ``state``, then ``state``: torch loads tensors with flipped bits without a warning.

    The file is on disk before it gets its name, so neither a kill nor a power cut leaves a partial file.
    """
    content = io.BytesIO()
    torch.save(state, content)
    with replacing(path) as part, open(part, "wb") as file:
        file.write(hashlib.sha256(content.getbuffer()).digest())
        file.write(content.getbuffer())
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path: Path, belongs_to: str, title: str) -> dict | None:
    """Read the saved state; None without a file, or, with a message, if it is damaged or of another training."""
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        digest, content = file.read(_DIGEST), file.read()
    if hashlib.sha256(content).digest() != digest:
        say(f"{title}: {path.name} is damaged or not a checkpoint of this version; starting afresh")
        return None
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if state["belongs_to"] != belongs_to:
        say(f"{title}: {path.name} is of another config, data, code or torch; starting afresh")
        return None
    return state


@contextmanager
def on_stop(notify: Callable[[int], object]) -> Iterator[None]:
    """Within the block, call ``notify`` with the number of each stop signal instead of ending the process.

    An ignored signal, as in a job under nohup, stays ignored; Python handles signals in its main thread only.
    """
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in STOPS}
        handlers = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}
    for number in handlers:
        signal.signal(number, lambda number, _: notify(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
