"""Made-up readings of many slides, with the pictures that the page shows."""

from package_files import CLASSES

from lowpower import files, rng
from lowpower.config.package import Package
from lowpower.pages.readings_page import write_readings_page
from lowpower.reading.reading_files import columns_of_table
from lowpower.reading_paths import PAGE, TABLE, geojson_of, ome_of, overlay_of, preview_of
from lowpower.typed_values import as_type

REASON = "the slide has no mpp; write the µm per pixel of its finest level into the sheet's column mpp"


def package_in(folder):
    return as_type(Package, files.read_json(folder / "model.json"))


def reading_row(package, slide, sure, answer=0, state="read", read_by="student", warning="", calibrated=True):
    """Row of readings.csv. sure: probability of the answer."""
    row = dict.fromkeys(columns_of_table(package), "") | {"slide": slide, "state": state, "seconds": "1.50"}
    if state != "read":
        return row | {"reason": REASON, "warning": warning}
    row |= {"class": CLASSES[answer], "confidence": f"{sure:.6f}", "read_by": read_by, "regions": "3"}
    for k, name in enumerate(CLASSES):
        row[f"p_{name}"] = f"{sure if k == answer else 1 - sure:.6f}"
        if calibrated:
            row[f"calibrated_{name}"] = f"{(sure if k == answer else 1 - sure) * 0.9 + 0.05:.6f}"
    return row | {"tissue_mm2": "12.5", "warning": warning}


def many_rows(package, count):
    """Rows of so many slides: one in 40 not read, one in 8 read by the teacher, one in 10 with a warning."""
    rows = []
    for k in range(count):
        sure = 0.5 + 0.5 * float(rng.generator(0, "readings", k).random()) ** 0.4
        state = "unreadable" if k % 40 == 7 else "read"
        warning = "ink on 40 % of it; see the outline" if k % 10 == 3 else ""
        read_by = "teacher" if sure < 0.7 and k % 2 else "student"
        rows.append(reading_row(package, f"TCGA-{k:05d}-01Z-00-DX1", sure, k % 2, state, read_by, warning))
    return rows


def write_readings(folder, package, rows, preview=None, overlay=None, banners=()):
    """Write readings.csv, pictures and page; return the page's text. preview: bytes of a JPEG, or None for none."""
    files.write_rows(folder / TABLE, columns_of_table(package), rows)
    for row in rows if preview else ():
        if row["state"] == "read":
            contents = {preview_of: preview, overlay_of: overlay or preview, geojson_of: b"{}", ome_of: b"II"}
            for path_of, content in contents.items():
                path = folder / path_of(row["slide"])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    write_readings_page(folder, package, banners)
    return (folder / PAGE).read_text(encoding="utf-8")
