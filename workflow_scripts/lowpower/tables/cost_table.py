"""The cost table: cost per region of each network at each magnification, compared with the teacher's."""

from collections.abc import Sequence
from pathlib import Path

from lowpower import magnification
from lowpower.files import CsvRow, read_json, write_rows
from lowpower.log import say
from lowpower.network_cost import NetworkCost
from lowpower.tables.layout import number, write_texts
from lowpower.typed_values import as_type

COLUMNS = [
    *("network", "magnification", "parameters", "pixels_per_region"),
    *("flops_per_region", "flops_times_cheaper", "nominal_times_cheaper"),
    *("latency_ms", "latency_times_cheaper", "read_ms", "bytes_per_region", "bytes_times_cheaper"),
    *("peak_memory_mb", "regions_per_second", "regions_timed", "device", "threads"),
]
CONVENTION = (
    "FLOPs are counted as 2 per multiply-add, in convolutions and matrix products. Times cheaper: the teacher's cost "
    "divided by this one; nominal is the ratio of pixel counts at the two magnifications."
)


def compare_cost(costs: Sequence[str | Path], csv: str | Path, md: str | Path, tex: str | Path) -> None:
    """Write the cost table as CSV, Markdown and LaTeX. costs: the measured JSON files, the teacher's first."""
    rows = cost_rows([as_type(NetworkCost, read_json(path)) for path in costs])
    write_rows(csv, COLUMNS, rows)
    for row in rows[1:]:
        read = f"{row['network']} at {row['magnification']}"
        say(f"{read}: {_times(row['flops_times_cheaper'])} fewer FLOPs than the teacher")
    write_texts(md, tex, [("", headline(rows))], f"{CONVENTION} {timing(rows)}")


def cost_rows(costs: Sequence[NetworkCost]) -> list[CsvRow]:
    """The rows of cost.csv as text, in the order given; costs[0] is the teacher's."""
    teacher = costs[0]

    def cheaper(cost: NetworkCost, name: str) -> str:
        own = getattr(cost, name)
        return number(getattr(teacher, name) / own, 2) if own else ""

    return [
        {
            "network": cost.network,
            "magnification": magnification.name_of(cost.magnification),
            "parameters": number(cost.parameters, 0),
            "pixels_per_region": number(cost.pixels_per_region, 0),
            "flops_per_region": number(cost.flops_per_region, 0),
            "flops_times_cheaper": cheaper(cost, "flops_per_region"),
            "nominal_times_cheaper": number((teacher.magnification / cost.magnification) ** 2, 2),
            "latency_ms": number(cost.latency_ms, 3),
            "latency_times_cheaper": cheaper(cost, "latency_ms"),
            "read_ms": number(cost.read_ms, 3),
            "bytes_per_region": number(cost.bytes_per_region, 0),
            "bytes_times_cheaper": cheaper(cost, "bytes_per_region"),
            "peak_memory_mb": number(cost.peak_memory_mb, 0),
            "regions_per_second": number(cost.regions_per_second, 1),
            "regions_timed": number(cost.regions_timed, 0),
            "device": cost.device,
            "threads": number(cost.threads, 0),
        }
        for cost in costs
    ]


def headline(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Rows of cost.csv for people."""
    return [
        {
            "network": row["network"],
            "read at": magnification.describe(magnification.parse(row["magnification"])),
            "parameters": f"{int(row['parameters']):,}",
            "pixels": f"{int(row['pixels_per_region']):,}",
            "MFLOPs": _mega(int(row["flops_per_region"])),
            "times cheaper": _times(row["flops_times_cheaper"]),
            "nominal": _times(row["nominal_times_cheaper"]),
            "network, ms": row["latency_ms"],
            "times faster": _times(row["latency_times_cheaper"]),
            "reading, ms": row["read_ms"],
            "kB": f"{int(row['bytes_per_region']) / 1e3:,.1f}",
            "times smaller": _times(row["bytes_times_cheaper"]),
        }
        for row in rows
    ]


def _mega(flops: int) -> str:
    """Millions with one decimal, or three significant digits below one million: ``_mega(12_300) == "0.0123"``."""
    return f"{flops / 1e6:,.1f}" if flops >= 1e6 else f"{flops / 1e6:.3g}"


def _times(ratio: str) -> str:
    return f"{float(ratio):g}x" if ratio else ""


def timing(rows: Sequence[CsvRow]) -> str:
    """One sentence on the timing method, which is the same for all rows."""
    first = rows[0]
    threads = "1 thread" if first["threads"] == "1" else f"{first['threads']} threads"
    return (
        f"All costs are per region; times are medians over {first['regions_timed']} regions on one {first['device']} "
        f"({threads}), one region at a time."
    )
