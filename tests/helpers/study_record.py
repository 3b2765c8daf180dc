"""A finished study of one table, its provenance record, and the check of it."""

from types import SimpleNamespace

from model_files import write_header

from lowpower import files
from lowpower.provenance.record import record_provenance
from lowpower.provenance.rule_files import as_job, files_of
from lowpower.provenance.verification import verify
from lowpower.tables.cost_table import compare_cost

COST = {
    "network": "resnet10", "magnification": 10, "parameters": 9, "pixels_per_region": 9, "flops_per_region": 9,
    "latency_ms": 1.0, "read_ms": 1.0, "bytes_per_region": 9, "peak_memory_mb": 9, "regions_per_second": 9,
    "regions_timed": 9, "device": "cpu", "threads": 1,
}  # fmt: skip


class Files(list):
    """As Snakemake's own: values, and the names of some."""

    def __init__(self, **named):
        super().__init__(value for one in named.values() for value in (one if isinstance(one, list) else [one]))
        self.named = named

    def items(self):
        return self.named.items()


def write_model(path):
    write_header(path, {"architecture": "resnet10", "classes": ["a"], "versions": {"lowpower": "1", "torch": "2"}})
    return path


def make_study(folder):
    """A finished study of one table, with its record, and the rule that writes the table."""
    out = folder / "results/own"
    costs = [out / f"cost/resnet10-{scale}x.json" for scale in (10, 5)]
    for path, scale in zip(costs, (10, 5), strict=True):
        files.write_json(path, COST | {"magnification": scale})
    tables = {name: out / f"tables/cost.{name}" for name in ("csv", "md", "tex")}
    compare_cost(costs, *tables.values())
    rows = [{"slide": f"secret{k}", "patient": "P", "state": "usable", "content": f"c{k}"} for k in range(3)]
    files.write_rows(out / "intake.csv", list(rows[0]), rows)
    files.write_json(out / "config.json", {"cohort": "own"})
    rule = SimpleNamespace(
        name="compare_cost", script="../workflow_scripts/compare_cost.py", params=Files(code="1"),
        input=Files(costs=[str(path) for path in costs]),
        output=Files(**{name: str(path) for name, path in tables.items()}),
    )  # fmt: skip
    record = out / "provenance.json"
    inputs = out / "config.json", out / "intake.csv", [write_model(out / "teacher/seed0/model.safetensors")]
    record_provenance(*inputs, sorted(files_of([rule])), "0123", {"compare_cost": "1"}, None, record)
    return SimpleNamespace(out=out, rule=rule, record=record, inputs=inputs)


def check(study, code="1"):
    verify([as_job(study.rule)], {"compare_cost": code}, study.record)
