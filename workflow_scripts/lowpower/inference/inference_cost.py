"""Inference cost of a network per region and magnification: counted exactly, and timed on this machine.

Cost does not depend on the weights, so it is measured once per network and magnification, on an otherwise idle machine.
Timings never reach results or models. Timed in the engine that predicts (``inference/model.py``).
"""

import copy
import resource
import statistics
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from lowpower.errors import InputError
from lowpower.files import decode, read_rows, write_json
from lowpower.inference.model import Model
from lowpower.inference.torch_model import serve
from lowpower.log import Progress, say
from lowpower.magnification import describe
from lowpower.model_header import ModelHeader
from lowpower.models import networks
from lowpower.models.model_file import prepare_device
from lowpower.models.region_sets import Region, read_regions
from lowpower.models.stored_images import read_bytes, read_pixels
from lowpower.network_cost import NetworkCost


def count_flops(network: torch.nn.Module, height: int, width: int) -> int:
    """Floating-point operations of one pass over one image (3, height, width), 2 per multiply-add.

    Convolutions and matrix products, as torch counts them: all but about 1 % of the total. No pixel is computed.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(network).to("meta")(torch.zeros(1, 3, height, width, device="meta"))
    return counter.get_total_flops()


def measure_cost(
    index: str | Path,
    splits: str | Path,
    seed: int,
    network: str,
    magnification: float,
    classes: int,
    regions_timed: int,
    repeats: int,
    gpu: bool,
    cost: str | Path,
) -> None:
    """Write the cost of a network (its name) at this magnification as JSON (``NetworkCost``).

    Counts are means over all regions of the index; times are medians over ``regions_timed`` regions spread over it,
    each timed ``repeats`` times after one untimed pass.
    """
    device = prepare_device(gpu)
    built = networks.build(network, classes, 0).eval()
    regions = read_regions(index, splits, seed)
    if not regions:
        raise InputError(f"{index} has no regions; see tables/intake.csv for why")
    sizes = Counter((region.height, region.width) for region in regions)
    flops = sum(count_flops(built, *size) * n for size, n in sizes.items()) / len(regions)
    chosen = regions[:: -(-len(regions) // regions_timed)]
    header = ModelHeader(classes=[str(k) for k in range(classes)], architecture=network, mean=[0.5] * 3, std=[0.25] * 3)
    model = serve(built, header, gpu)
    latency, reading = _time(model, chosen, repeats)
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated() / 1e6
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    measured = NetworkCost(
        network=network,
        magnification=magnification,
        parameters=sum(weights.numel() for weights in built.parameters()),
        pixels_per_region=sum(h * w * n for (h, w), n in sizes.items()) / len(regions),
        flops_per_region=flops,
        bytes_per_region=statistics.fmean(int(row["bytes"]) for row in read_rows(index)),
        latency_ms=latency * 1e3,
        regions_per_second=1 / latency,
        read_ms=reading * 1e3,
        peak_memory_mb=peak,
        regions_timed=len(chosen),
        device=device.type,
        threads=torch.get_num_threads(),
    )
    write_json(cost, asdict(measured))
    say(
        f"{network} at {describe(magnification)}: {flops / 1e6:,.1f} MFLOPs per region, {latency * 1e3:.2f} ms in "
        f"{model.engine}, {reading * 1e3:.2f} ms to read it"
    )


def _time(model: Model, regions: list[Region], repeats: int) -> tuple[float, float]:
    """Median seconds per region of (the network from pixels to logits, reading and decoding)."""
    latencies, readings = [], []
    progress = Progress("timing", len(regions))
    for done, region in enumerate(regions, start=1):
        images = [read_pixels(region)]
        model.run(images)
        for _ in range(repeats):
            start = time.perf_counter()
            model.run(images)
            latencies.append(time.perf_counter() - start)
            start = time.perf_counter()
            decode(read_bytes(region))
            readings.append(time.perf_counter() - start)
        progress.at(done)
    return statistics.median(latencies), statistics.median(readings)
