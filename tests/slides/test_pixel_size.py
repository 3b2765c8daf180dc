"""How wide a slide's pixels are: what the sheet says, what the slide says, and where the two are doubted."""

import re

import numpy as np
import openslide
import pytest
import tifffile
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower.slides.ome_xml import read_ome
from lowpower.slides.pixel_size import find_mpp, objective_power
from lowpower.slides.slide import ExcludedSlide, open_slide

OME = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{}</OME>'
SIZE = (800, 600)


class Named:
    """Stands for an open slide of which only the properties are asked."""

    dimensions = SIZE

    def __init__(self, xml="", **properties):
        self.properties = {f"openslide.{name.replace('_', '-')}": text for name, text in properties.items()}
        self.properties |= {"tiff.ImageDescription": xml} if xml else {}


def square(mpp, **others):
    return Named(mpp_x=str(mpp), mpp_y=str(mpp), **others)


def ome(said, size=SIZE, objective="", more=""):
    image = f'<Image ID="Image:0">{objective}<Pixels SizeX="{size[0]}" SizeY="{size[1]}" {said}/></Image>'
    return OME.format(more + image)


def physical(x, y, unit=None):
    units = f' PhysicalSizeXUnit="{unit}" PhysicalSizeYUnit="{unit}"' if unit else ""
    return f'PhysicalSizeX="{x}" PhysicalSizeY="{y}"{units}'


def test_the_sheets_mpp_goes_before_the_slides():
    for slide, sheet, mpp, source in (
        (Named(mpp_x="0.499", mpp_y="0.501"), None, 0.5, "slide"),
        (Named(), 0.25, 0.25, "sheet"),
        (square(352.8), 0.25, 0.25, "sheet"),  # 72 dpi
        (square(0.5), 0.25, 0.25, "sheet"),  # a wrong header can be corrected
        (square(0.5), 0.51, 0.51, "sheet"),
        (Named(mpp_x="0.5", mpp_y="0.52"), 0.5, 0.5, "sheet"),
        (square(0.2527384), 0.252738, 0.2527384, "slide"),  # as 0.1.0 drafted it
    ):
        found = find_mpp(slide, sheet)
        assert (found.mpp, found.source) == (mpp, source)


@pytest.mark.parametrize(
    ("properties", "sheet", "reason"),
    [
        ({}, None, "no mpp.*column mpp"),
        ({"mpp_x": "nonsense", "mpp_y": "nan"}, None, "no mpp.*column mpp"),
        ({"mpp_x": "352.8", "mpp_y": "352.8"}, None, "352.8 x 352.8 µm per pixel, which is implausible.*column mpp"),
        ({}, 250, "the sheet says 250 µm per pixel; write a value between 0.05 and 20"),
        ({"mpp_x": "0.5", "mpp_y": "0.5"}, 250, "the sheet says 250 µm per pixel"),  # not passed over for the slide's
        ({"mpp_x": "0.5", "mpp_y": "0.52"}, None, "not square .0.5 x 0.52 µm.*or.*write their µm into.*column mpp"),
    ],
)
def test_mpp_is_never_guessed(properties, sheet, reason):
    with pytest.raises(ExcludedSlide, match=reason):
        find_mpp(Named(**properties), sheet)


@pytest.mark.parametrize(
    ("slide", "sheet", "warnings"),
    [
        (
            square(0.5),
            0.25,
            ["the sheet says 0.25 µm per pixel, the slide 0.5 x 0.5 .*leave it blank to use the slide's"],
        ),
        (square(0.5), 0.52, []),
        (square(0.5), 0.53, ["the sheet says 0.53"]),
        (Named(mpp_x="0.5", mpp_y="0.52"), 0.5, ["the sheet says 0.5 µm per pixel, the slide 0.5 x 0.52"]),
        (square(0.5, objective_power="20"), None, []),
        (square(0.5, objective_power="40"), None, []),  # a factor 2 is a doubler, or another convention
        (
            square(0.05, objective_power="20"),
            None,
            ["the slide says 0.05 µm .* objective, 20x.* 0.5; .* write 0.5 into"],
        ),
        (square(2, objective_power="20"), None, ["the slide says 2 µm"]),
        (square(0.05, objective_power="20"), 0.5, ["the sheet says 0.5 µm per pixel, the slide 0.05 x 0.05"]),
        (Named(objective_power="20"), 0.05, ["the sheet says 0.05 µm per pixel, but its objective, 20x"]),
        (square(0.5, objective_power="0"), None, []),
        (square(0.5, xml=ome(physical(0.25, 0.25))), None, ["tags say 0.5 x 0.5 .* XML 0.25 x 0.25"]),
        (square(0.5, xml=ome(physical(0.5, 0.5))), None, []),
    ],
)
def test_what_contradicts_the_scale_is_a_warning_with_both_numbers(slide, sheet, warnings):
    found = find_mpp(slide, sheet)
    assert len(found.warnings) == len(warnings)
    assert all(re.search(said, warning) for said, warning in zip(warnings, found.warnings, strict=True))


@pytest.mark.parametrize(
    ("said", "sides"),
    [
        (physical(0.25, 0.26), (0.25, 0.26)),
        (physical(0.25, 0.26, "µm"), (0.25, 0.26)),
        (physical(0.25, 0.26, "\u03bcm"), (0.25, 0.26)),  # Greek mu
        (physical(250, 260, "nm"), (0.25, 0.26)),
        (physical(0.00025, 0.00026, "mm"), (0.25, 0.26)),
        (physical(1, 1, "pixel"), None),
        ('PhysicalSizeX="0.25"', None),
        (physical(0, 0), None),
        (physical("nan", "wide"), None),
        ("", None),
    ],
)
def test_the_scale_of_an_ome_tiff_is_read_with_its_units(said, sides):
    found, power = read_ome(ome(said), SIZE)
    assert (found, power) == (sides and pytest.approx(sides), None)
    assert read_ome(ome(said, size=(64, 64)), SIZE) == (None, None)  # of another image, its label for example


@pytest.mark.parametrize("xml", [None, "", "Aperio Image Library", "<OME", "<a><Image/></a>", OME.format("<Image/>")])
def test_a_description_of_another_kind_says_nothing(xml):
    assert read_ome(xml, SIZE) == (None, None)


def test_the_objective_is_the_one_that_was_used():
    lenses = "".join(f'<Objective ID="O:{power}" NominalMagnification="{power}"/>' for power in (10, 40))
    xml = ome(
        physical(0.25, 0.25), objective='<ObjectiveSettings ID="O:40"/>', more=f"<Instrument>{lenses}</Instrument>"
    )
    assert read_ome(xml, SIZE) == ((0.25, 0.25), 40)
    assert objective_power(Named(xml)) == 40
    assert objective_power(Named(xml, objective_power="20")) == 20
    assert find_mpp(Named(xml), None).mpp == 0.25
    assert find_mpp(Named(xml, mpp_x="352.8", mpp_y="352.8"), None).mpp == 0.25


@pytest.mark.slow
def test_an_ome_tiff_that_openslide_opens_has_the_scale_of_its_xml(tmp_path):
    image = draw_tissue(1100, 1600, [(300, 300, 400, 600)])
    scale = {"PhysicalSizeX": 500, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 500, "PhysicalSizeYUnit": "nm"}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as out:
        out.write(image, tile=(256, 256), photometric="rgb", compression="jpeg", metadata={"axes": "YXS"} | scale)
    with openslide.OpenSlide(tmp_path / "a.ome.tif") as slide:
        assert "openslide.mpp-x" not in slide.properties
    checked, *_, tiled = cut_slide(tmp_path / "out", tmp_path / "a.ome.tif")
    assert (checked["mpp"], checked["mpp_source"], tiled["state"]) == (0.5, "slide", "usable")


@pytest.mark.slow
def test_intake_records_what_is_doubted(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1600, [(300, 300, 400, 600)]), mpp=0.05)
    checked, *_ = cut_slide(tmp_path / "header", path)
    assert (checked["mpp"], checked["state"]) == (0.05, "usable") and len(checked["warnings"]) == 1
    assert "its objective, 20x, gives about 0.5" in checked["warnings"][0]
    checked, _, tiled = cut_slide(tmp_path / "sheet", path, mpp=0.5)
    assert (checked["mpp"], checked["mpp_source"], tiled["regions"]) == (0.5, "sheet", 1)
    assert ["the sheet says 0.5" in warning for warning in checked["warnings"]] == [True]


def test_a_header_larger_than_any_glass_can_be_corrected(tmp_path):
    """Its message asks for that: the sheet's mpp was ignored where the slide had one."""
    path = write_slide(tmp_path / "a.svs", np.full((256, 12_000, 3), 240, np.uint8), mpp=19, reductions=())
    checked, *_ = cut_slide(tmp_path / "header", path)
    assert "larger than any glass slide; write the right µm per pixel into the sheet's column mpp" in checked["reason"]
    checked, *_ = cut_slide(tmp_path / "sheet", path, mpp=0.5)
    assert checked["state"] == "usable"


def test_a_scale_in_inches_is_that_in_centimeters(tmp_path):
    for unit, per_um in (("INCH", 25400), ("CENTIMETER", 10000)):
        with tifffile.TiffWriter(tmp_path / "a.tif") as out:  # by tifffile, as OpenSlide reads no such compression
            kind = {"tile": (64, 64), "photometric": "rgb", "compression": "png", "metadata": None}
            out.write(draw_tissue(64, 64, []), resolution=(per_um / 0.5, per_um / 0.5), resolutionunit=unit, **kind)
        with open_slide(tmp_path / "a.tif") as slide:
            assert find_mpp(slide, None).mpp == pytest.approx(0.5)
