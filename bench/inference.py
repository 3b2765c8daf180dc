"""Time of a pass through the resnet10 in torch and in ONNX Runtime, and start-up and memory of both.

.venv/bin/python bench/inference.py [--quick]

One process and one thread, random weights and pixels. The engines alternate, round by round: milliseconds of the
processor per image are medians of the rounds, `times_faster` is the spread of the rounds' ratios, `difference` the
largest between logits. Start-up is a child's: seconds of the processor from its start to the first answer for a 64-px
image, imports included, and its peak memory. JSON lines; the last one is a summary.
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from children import run_child, spread

from lowpower.inference.model import Model, open_model
from lowpower.model_header import ModelHeader

CASES = ((1, 64), (16, 64), (1, 256), (1, 512), (1, 1024))  # images at once, side in pixels
ENGINES = ("torch", "ONNX Runtime")


def main() -> None:
    """Measure every case and print one JSON line for each and one as a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two tiny cases and one round, to see that it runs")
    parser.add_argument("--start", nargs=2, metavar=("ENGINE", "MODEL"), help=argparse.SUPPRESS)  # in a child
    arguments = parser.parse_args()
    if arguments.start:
        engine, path = arguments.start
        if engine == "save":
            save(Path(path))
        else:
            opened(engine, path).run([np.zeros((3, 64, 64), np.uint8)])
        return
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as folder:
        path = Path(folder) / "model.safetensors"
        run_child(__file__, "--start", "save", str(path))  # no torch here yet: it would be in children's peaks
        starts = {engine: start(engine, path) for engine in ENGINES}
        models = [opened(engine, path) for engine in ENGINES]
        cases = CASES[:2] if arguments.quick else CASES
        lines = [compare(models, *case, rounds=1 if arguments.quick else 7) for case in cases]
    summary = {"least_times_faster": min(line["times_faster"]["median"] for line in lines)}
    summary |= {"largest_difference": max(line["difference"] for line in lines), "start": starts}
    print(json.dumps(summary))


def save(path: Path) -> None:
    """Save a resnet10 of three classes with random weights."""
    from lowpower.models import networks  # torch
    from lowpower.models.model_file import save_model

    save_model(path, networks.build("resnet10", 3, 0), ModelHeader(classes=list("abc"), mean=[0.7] * 3, std=[0.2] * 3))


def opened(engine: str, path: str | Path) -> Model:
    """Open the model in one of the engines."""
    if engine != "torch":
        return open_model(path)
    from lowpower.inference.torch_model import TorchModel
    from lowpower.models.model_file import load_model

    return TorchModel(*load_model(path))


def start(engine: str, path: Path) -> dict[str, float]:
    """Processor seconds, the median of three children, and peak memory of a process that answers once."""
    runs = [run_child(__file__, "--start", engine, str(path)) for _ in range(3)]
    return {"seconds": round(median(run[1] for run in runs), 2), "peak_mb": max(run[2] for run in runs)}


def compare(models: list[Model], count: int, side: int, rounds: int) -> dict:
    """Time the engines in turns on the same images; print and return the line."""
    images = list(np.random.default_rng(0).integers(0, 256, (count, 3, side, side), dtype=np.uint8))
    logits = [model.run(images).logits for model in models]
    times = max(1, round(0.3 / min(timed(model, images) for model in models)))
    seconds = [[timed(model, images, times) for model in models] for _ in range(rounds)]
    line: dict = {"images": count, "pixels": side, "times_faster": spread([slow / fast for slow, fast in seconds])}
    for engine, column in zip(ENGINES, zip(*seconds, strict=True), strict=True):
        line[f"{engine} ms"] = round(median(column) / count * 1e3, 2)
    line["difference"] = float(f"{np.abs(logits[0] - logits[1]).max():.1e}")
    print(json.dumps(line), flush=True)
    return line


def timed(model: Model, images: list[np.ndarray], times: int = 1) -> float:
    """Processor seconds of one pass."""
    started = process_time()
    for _ in range(times):
        model.run(images)
    return (process_time() - started) / times


if __name__ == "__main__":
    main()
