"""What a training wrote, and trainings in processes of their own."""

import io
import multiprocessing

import torch

FORK = multiprocessing.get_context("fork")  # torch is imported once, not 20 times


def outputs(folder, *names):
    folder.mkdir(exist_ok=True)
    return [str(folder / name) for name in names]


def contents(folder):
    """The bytes of all files but those that hold times."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("time.json")}


def in_a_process(call, *arguments, before=None):
    """The exit code of a process that does this; negative where a signal ended it."""

    def work():
        if before:
            before()
        call(*arguments)

    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def torch_state(path):
    """What a checkpoint holds, whatever it belongs to."""
    return torch.load(io.BytesIO(path.read_bytes()[32:]), weights_only=True)
