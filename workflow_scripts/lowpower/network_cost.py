"""Measured cost of a network at one magnification: the content of ``cost/{network}-{magnification}.json``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkCost:
    """Counts are means over all regions; times are medians over the timed regions, one region at a time."""

    network: str
    magnification: float
    parameters: int
    pixels_per_region: float
    flops_per_region: float  # 2 per multiply-add
    bytes_per_region: float  # of the image file
    latency_ms: float  # of the network, from pixels to logits, in the engine that predicts
    regions_per_second: float
    read_ms: float  # to read and decode a region
    peak_memory_mb: float
    regions_timed: int
    device: str  # cpu or cuda
    threads: int
