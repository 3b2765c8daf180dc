from lowpower import files
from lowpower.tables.cost_table import COLUMNS, compare_cost


def write_cost(folder, scale, flops, **other):
    path = folder / f"{scale}.json"
    cost = {
        "network": "resnet10", "magnification": scale, "parameters": 1231011, "pixels_per_region": 65536.0,
        "flops_per_region": flops, "latency_ms": 10.0, "regions_per_second": 100.0, "read_ms": 1.25,
        "peak_memory_mb": 500.4, "bytes_per_region": 30000.5, "regions_timed": 32, "device": "cpu", "threads": 1,
    }  # fmt: skip
    files.write_json(path, cost | other)
    return path


def test_cheaper_is_measured_against_the_teacher_and_nominal_by_scale(tmp_path):
    costs = [
        write_cost(tmp_path, 10, 550.0),
        write_cost(tmp_path, 1.25, 10, latency_ms=0.5, bytes_per_region=0),
    ]
    compare_cost(costs, *(tmp_path / f"cost.{form}" for form in ("csv", "md", "tex")))
    teacher, student = files.read_rows(tmp_path / "cost.csv")
    assert list(teacher) == COLUMNS
    assert (teacher["flops_times_cheaper"], teacher["nominal_times_cheaper"]) == ("1.00", "1.00")
    assert (student["flops_times_cheaper"], student["nominal_times_cheaper"]) == ("55.00", "64.00")
    assert (student["latency_times_cheaper"], student["bytes_times_cheaper"]) == ("20.00", "")
    assert (student["magnification"], student["parameters"], student["read_ms"]) == ("1.25x", "1231011", "1.250")


def test_every_network_has_its_own_row(tmp_path, capfd):
    costs = [
        write_cost(tmp_path, 10, 800),
        write_cost(tmp_path, 2.5, 50),
        write_cost(tmp_path, 5, 1600, network="resnet50"),
    ]
    compare_cost(costs, *(tmp_path / f"cost.{form}" for form in ("csv", "md", "tex")))
    rows = files.read_rows(tmp_path / "cost.csv")
    assert [(row["network"], row["magnification"], row["flops_times_cheaper"]) for row in rows] == [
        ("resnet10", "10x", "1.00"), ("resnet10", "2.5x", "16.00"), ("resnet50", "5x", "0.50"),
    ]  # fmt: skip
    assert "| resnet50 | 5x (2.0 µm/px)" in (tmp_path / "cost.md").read_text()
    assert "resnet50 at 5x: 0.5x fewer FLOPs than the teacher" in capfd.readouterr().err


def test_the_summary_states_the_convention(tmp_path):
    forms = (tmp_path / f"cost.{form}" for form in ("csv", "md", "tex"))
    compare_cost([write_cost(tmp_path, 10, 5.5e8)], *forms)
    text = (tmp_path / "cost.md").read_text()
    assert "2 per multiply-add" in text
    assert "10x (1.0 µm/px)" in text
    assert "550.0" in text
    assert "over 32 regions on one cpu (1 thread)" in text
    assert r"10x (1.0 \textmu{}m/px) & 1,231,011 & 65,536 & 550.0 & 1x" in (tmp_path / "cost.tex").read_text()
