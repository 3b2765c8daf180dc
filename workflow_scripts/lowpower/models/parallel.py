"""One training on several processes (``training.processes``), each with its share of every batch.

For a lab whose bottleneck is one long training, on a node with several GPUs. Gradients are sums over the batch, so they
are added up over the processes before every step, and all processes take the same step. The processes are forked from
one that computes nothing: it passes signals on, and when a process fails it ends the others, so that none waits for it.
With one process, the default, the functions called in a training do nothing.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from multiprocessing import connection

import torch
from torch import distributed

from lowpower import log
from lowpower.config.training_params import TrainingJob
from lowpower.errors import InputError, remedy
from lowpower.models.checkpoint import STOPS, on_stop
from lowpower.models.model_file import prepare_device
from lowpower.text import count_of

_rank, _size, _parent = 0, 1, 0  # of this process, set once in ``_work``


def on_processes(stage: Callable[..., None]) -> Callable[..., None]:
    """Run a stage of training, whose first argument is its job, on ``training.processes`` processes."""

    @wraps(stage)
    def run(job: TrainingJob, *arguments: object, **named: object) -> None:
        processes = job.training.processes
        if processes == 1:
            stage(job, *arguments, **named)
        else:
            _supervise(partial(stage, job, *arguments, **named), processes, job.gpu)

    return run


def size() -> int:
    """Number of processes of this training."""
    return _size


def is_first() -> bool:
    """True in the process that writes files."""
    return _rank == 0


def share(items: Sequence) -> Sequence:
    """Share of this process in ``items``."""
    return items[_rank::_size]


def total(values: Iterable[float]) -> list[float]:
    """Sums of these values over the processes, the same in all of them."""
    return _all_reduce(values, distributed.ReduceOp.SUM) if _size > 1 else list(values)


def largest(values: Iterable[float]) -> list[float]:
    """Maxima of these values over the processes, the same in all of them."""
    return _all_reduce(values, distributed.ReduceOp.MAX) if _size > 1 else list(values)


def add_gradients(network: torch.nn.Module) -> None:
    """Give each parameter the sum of its gradients over the processes."""
    if _size == 1:
        return
    gradients = [weights.grad for weights in network.parameters()]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    for gradient, summed in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(summed.view_as(gradient))


def orphaned() -> int:
    """SIGTERM if the process that started this one has ended, so that this one must end too; else 0."""
    return signal.SIGTERM if _size > 1 and os.getppid() != _parent else 0


def _all_reduce(values: Iterable[float], operation: distributed.ReduceOp) -> list[float]:
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    values_here = torch.tensor([*values], dtype=torch.float64, device=device)
    distributed.all_reduce(values_here, operation)
    return values_here.tolist()


def _supervise(work: Callable[[], None], processes: int, gpu: bool) -> None:
    """Run ``work`` on several processes and end as they do: with the first error, or with the signal's number."""
    context = multiprocessing.get_context("fork")  # no imports are repeated, and the log stays open
    errors = context.SimpleQueue()
    signals: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        arguments = (processes, os.getpid(), f"{folder}/store", gpu, errors, work)
        workers = [context.Process(target=_work, args=(rank, *arguments)) for rank in range(processes)]

        def pass_on(number: int) -> None:
            signals.append(number)
            for process in workers:
                if process.exitcode is None:
                    os.kill(process.pid, number)

        for process in workers:
            process.start()
        with on_stop(pass_on):  # after the start, because started processes inherit handlers
            codes = _wait(workers)
    if not any(codes):
        return
    message, trace = (None, None) if errors.empty() else errors.get()  # the first: it may have caused the others
    if message:
        raise InputError(message)
    if signals:
        raise SystemExit(128 + signals[0])
    for rank, code in enumerate(codes):
        if code is not None and code < 0:
            raise InputError(
                f"process {rank + 1} of {processes} was ended by {signal.Signals(-code).name}; usually "
                "memory has run out: lower training.processes, training.memory_mb or "
                "training.megapixels_per_pass"
            )
    if trace:
        raise RuntimeError(trace)
    raise SystemExit(max(code for code in codes if code))


def _wait(workers: list[multiprocessing.Process]) -> list[int | None]:
    """Wait until all processes have ended; end the others when one fails.

    Returns the exit codes from before that. A process that was asked to stop has not failed: the others save.
    """
    good_codes = {None, 0, *(128 + number for number in STOPS)}
    while running := [process.sentinel for process in workers if process.exitcode is None]:
        connection.wait(running)
        codes = [process.exitcode for process in workers]
        if not set(codes) <= good_codes:
            for process in workers:
                process.kill()
                process.join()
            return codes
    return [process.exitcode for process in workers]


def _work(
    rank: int, processes: int, parent: int, store: str, gpu: bool, errors: multiprocessing.SimpleQueue, work: Callable
) -> None:
    """Run one of the processes from start to end; send an error to the supervising process."""
    global _rank, _size, _parent
    _rank, _size, _parent = rank, processes, parent
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if rank:
        log.silence()
    try:
        if prepare_device(gpu).type == "cuda":
            if processes > (device_count := torch.cuda.device_count()):
                raise InputError(
                    f"config: `training.processes` is {processes}, but torch finds "
                    f"{count_of(device_count, 'CUDA device')} here; write {device_count}"
                )
            torch.cuda.set_device(rank)
        loopback = "lo0" if sys.platform == "darwin" else "lo"
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)  # one machine, whose name may not resolve
        file_store = distributed.FileStore(store, processes)  # not file://, which a # or ? in TMPDIR cuts off
        distributed.init_process_group("nccl" if gpu else "gloo", store=file_store, rank=rank, world_size=processes)
        work()
        distributed.destroy_process_group()
    except Exception as error:
        errors.put((remedy(error), traceback.format_exc()[-10_000:]))
        sys.exit(1)
