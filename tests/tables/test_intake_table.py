import pytest

from lowpower import files
from lowpower.slide_state import CheckedSlide, Level, MaskedSlide, TiledSlide
from lowpower.tables.intake_table import gather_slides
from lowpower.tables.region_index import index_regions
from lowpower.tables.slide_table import tabulate_slides

LEVELS = (Level(800, 600, 1.0), Level(400, 300, 2.0))


def write_states(folder, slide, excluded_at=None, reason="", regions=3, content=None):
    """The three state files of a slide; an excluded slide carries the step and reason of where it was excluded."""
    reasons = {excluded_at: reason}
    check = CheckedSlide(
        slide, reason=reasons.get("check_slide", ""), content=content or f"hash of {slide}", vendor="generic-tiff",
        width=800, height=600, levels=LEVELS, mpp=0.5, mpp_source="slide", objective_power=20,
    )  # fmt: skip
    mask = MaskedSlide(slide, reason=reasons.get("mask_tissue", "")).after(check)
    found = {} if excluded_at else {"regions": regions, "area_mm2": 1.5}
    tile = TiledSlide(slide, reason=reasons.get("tile_slide", ""), **found).after(mask)
    paths = [folder / f"{type(state).__name__}-{slide}.json" for state in (check, mask, tile)]
    for path, state in zip(paths, (check, mask, tile), strict=True):
        state.write(path)
    return paths


def gather(folder, slides, on_excluded="continue", min_usable=1):
    paths = [write_states(folder, slide, *fault) for slide, fault in slides.items()]
    checks, masks, tiles = zip(*paths, strict=True)
    gather_slides(
        checks, masks=masks, tiles=tiles, slides=list(slides), patients=[f"P{slide}" for slide in slides],
        on_excluded=on_excluded, min_usable=min_usable, csv=folder / "intake.csv",
    )  # fmt: skip
    tabulate_slides(folder / "intake.csv", names=None, csv=folder / "table.csv", md=folder / "intake.md")
    return files.read_rows(folder / "intake.csv"), (folder / "intake.md").read_text()


def test_every_slide_is_a_row_whatever_became_of_it(tmp_path):
    slides = {"B": (), "A": ("check_slide", "no | mpp"), "C": ("tile_slide", "no tissue")}
    rows, summary = gather(tmp_path, slides)
    assert [(r["slide"], r["patient"], r["state"], r["step"], r["reason"], r["regions"]) for r in rows] == [
        ("A", "PA", "excluded", "check_slide", "no | mpp", "0"),
        ("B", "PB", "usable", "tile_slide", "", "3"),
        ("C", "PC", "excluded", "tile_slide", "no tissue", "0"),
    ]
    assert (rows[1]["levels"], rows[1]["mpp"], rows[1]["tissue_mm2"]) == ("2", "0.5", "1.5")
    assert summary.startswith("3 slides: 1 usable, 2 excluded; 3 regions.")
    assert "no \\| mpp" in summary


def test_warnings_of_every_step_reach_the_table_and_exclude_nothing(tmp_path):
    paths = write_states(tmp_path, "A")
    for path, warnings in zip(paths, (["mpp | twice"], [], ["no tissue there", "all of it"]), strict=True):
        files.write_json(path, files.read_json(path) | {"warnings": warnings})
    others = write_states(tmp_path, "B")
    arguments = zip(paths, others, strict=True)
    gather_slides(*arguments, ["A", "B"], ["P", "Q"], "fail", 2, tmp_path / "intake.csv")
    tabulate_slides(tmp_path / "intake.csv", names=None, csv=tmp_path / "table.csv", md=tmp_path / "intake.md")
    rows = files.read_rows(tmp_path / "table.csv")
    assert [(row["state"], row["warning"]) for row in rows] == [
        ("usable", "mpp | twice; no tissue there; all of it"),
        ("usable", ""),
    ]
    summary = (tmp_path / "intake.md").read_text()
    assert summary.startswith("2 slides: 2 usable, 0 excluded, 1 with a warning; 6 regions.")
    assert "mpp \\| twice; no tissue there" in summary


def test_excluded_slides_stop_the_run_where_the_config_says_so(tmp_path):
    slides = {f"S{k}": ("check_slide", f"reason {k}") for k in range(7)} | {"good": ()}
    with pytest.raises(ValueError, match=r"7 slides of 8 cannot be used.*on_excluded: fail") as error:
        gather(tmp_path, slides, on_excluded="fail")
    assert "S4 (check_slide): reason 4" in str(error.value)
    assert "S5" not in str(error.value)
    assert "and 2 more" in str(error.value)
    assert not (tmp_path / "intake.csv").exists()


def test_too_few_usable_slides_stop_the_run(tmp_path):
    with pytest.raises(ValueError, match=r"1 of 2 slides can be used.*min_usable_slides: 2"):
        gather(tmp_path, {"A": ("mask_tissue", "blank"), "B": ()}, min_usable=2)


def test_of_one_image_under_two_ids_one_is_kept(tmp_path):
    paths = {s: write_states(tmp_path, s, content="same") for s in "CB"} | {"A": write_states(tmp_path, "A")}
    paths["0"] = write_states(tmp_path, "0", "tile_slide", "too coarse", content="same")  # nothing of it is used
    arguments = *zip(*paths.values(), strict=True), list(paths)
    rest = "continue", 1, tmp_path / "intake.csv"
    gather_slides(*arguments, ["P"] * 4, *rest)
    rows = {row["slide"]: row for row in files.read_rows(tmp_path / "intake.csv")}
    assert [rows[s]["state"] for s in "0ABC"] == ["excluded", "usable", "usable", "excluded"]
    assert (rows["C"]["step"], rows["C"]["regions"]) == ("gather_slides", "0")
    assert "the same image as slide 'B'" in rows["C"]["reason"]
    (tmp_path / "intake.csv").unlink()
    with pytest.raises(ValueError, match=r"slides 'B' of patient 'P1' and 'C' of patient 'P2'.*leak.*`exclude`"):
        gather_slides(*arguments, ["P2", "P1", "P", "P"], *rest)
    assert not (tmp_path / "intake.csv").exists()


def write_intake(folder, usable, excluded=()):
    rows = [{"slide": s, "state": "usable"} for s in usable] + [{"slide": s, "state": "excluded"} for s in excluded]
    files.write_rows(folder / "intake.csv", ["slide", "state"], rows)
    return folder / "intake.csv"


def write_regions(folder, slide, count, ending="jpg"):
    """A region table and a ZIP with that many members."""
    columns = ["region", "member", "px_width", "px_height", "tissue", "area_mm2", "annotation"]
    rows = [
        {"region": f"{slide}_{k:05d}", "member": f"{k:05d}.jpg", "px_width": 256, "px_height": 128, "tissue": 0.9}
        | {"area_mm2": 0.03, "annotation": ""}
        for k in range(count)
    ]
    table, images = folder / f"{slide}.csv", folder / f"5x/{slide}.zip"
    files.write_rows(table, columns, rows)
    files.write_images(images, [(f"{k:05d}.{ending}", b"x" * (10 + k)) for k in range(count)])
    return table, images


def test_index_lists_every_region_whatever_the_order_of_slides(tmp_path):
    paths = {slide: write_regions(tmp_path, slide, n, "png") for slide, n in {"B": 2, "A": 1, "empty": 0}.items()}
    intake = write_intake(tmp_path, ["A", "B"], ["empty"])
    for order in (["B", "A", "empty"], ["empty", "A", "B"]):
        tables, images = zip(*(paths[slide] for slide in order), strict=True)
        index_regions(
            tables, images=images, slides=order, reduction=2, intake=intake, index=tmp_path / f"{order[0]}-index.csv"
        )
    assert (tmp_path / "B-index.csv").read_bytes() == (tmp_path / "empty-index.csv").read_bytes()
    rows = files.read_rows(tmp_path / "B-index.csv")
    assert [row["region"] for row in rows] == ["A_00000", "B_00000", "B_00001"]
    last = rows[-1]
    assert (last["slide"], last["zip"], last["member"], last["bytes"]) == ("B", "5x/B.zip", "00001.png", "11")
    assert (last["width"], last["height"]) == ("128", "64")
    assert last["fingerprint"] == files.fingerprint_images(paths["B"][1])


def test_no_usable_slide_gives_a_header(tmp_path):
    table, images = write_regions(tmp_path, "A", 0)
    index_regions(
        [table],
        images=[images],
        slides=["A"],
        reduction=1,
        intake=write_intake(tmp_path, "A"),
        index=tmp_path / "index.csv",
    )
    assert (tmp_path / "index.csv").read_text().startswith("region,slide,zip,member,width,height,area_mm2")
    assert files.read_rows(tmp_path / "index.csv") == []


def test_what_intake_excludes_is_not_indexed(tmp_path):
    tables, images = zip(*(write_regions(tmp_path, slide, 2) for slide in "AB"), strict=True)
    index_regions(
        tables,
        images=images,
        slides="AB",
        reduction=1,
        intake=write_intake(tmp_path, "A", "B"),
        index=tmp_path / "index.csv",
    )
    assert [row["region"] for row in files.read_rows(tmp_path / "index.csv")] == ["A_00000", "A_00001"]


def test_a_zip_that_does_not_match_its_table_is_named_with_the_command_that_mends_it(tmp_path):
    table, images = write_regions(tmp_path, "A", 2)
    intake = write_intake(tmp_path, "A")
    files.write_images(images, [("00000.jpg", b"x")])
    with pytest.raises(
        ValueError, match=r"A\.zip holds 1 images for 2 regions.*00001\.jpg.*snakemake --forcerun .*A\.zip"
    ):
        index_regions([table], images=[images], slides=["A"], reduction=1, intake=intake, index=tmp_path / "index.csv")
    images.write_bytes(b"half a ZIP")
    with pytest.raises(ValueError, match=r"A\.zip is not a whole ZIP.*snakemake --forcerun"):
        index_regions([table], images=[images], slides=["A"], reduction=1, intake=intake, index=tmp_path / "index.csv")
