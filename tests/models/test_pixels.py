import numpy as np
import pytest
import torch

from lowpower import files
from lowpower.config.training_settings import Augmentation
from lowpower.models.pixels import Normalizer, Pixels, channel_statistics, read_image
from lowpower.models.region_sets import in_split, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.stored_images import same_size

AUGMENTATION = Augmentation()


@pytest.fixture
def regions(tiny_cohort):
    return read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)


def test_regions_know_their_patient_split_and_label(regions):
    assert len(regions) == 40
    first = regions[0]
    assert (first.region, first.patient, first.split, first.label, first.width) == (
        "A0_00000",
        "A0",
        "train",
        "blue",
        64,
    )
    assert [r.slide for r in unlabeled(regions, 100)[::4]] == ["A2", "B2"]
    assert {r.split for r in in_split(regions, "test", "val")} == {"test", "val"}


def test_shares_are_nested(regions):
    half, whole = labeled(regions, 50), labeled(regions, 100)
    assert {r.slide for r in half} == {"A0", "B0"}
    assert set(half) < set(whole)
    assert unlabeled(regions, 0) == []
    assert sorted_union(whole, half) == sorted(whole, key=lambda r: r.region)


def test_an_annotation_is_the_label_of_its_region(tiny_cohort):
    rows = files.read_rows(tiny_cohort / "regions/5x.csv")
    rows[0]["annotation"] = "red"
    files.write_rows(tiny_cohort / "regions/5x.csv", list(rows[0]), rows)
    first, second, *_ = read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)
    assert (first.label, first.label_source) == ("red", "annotation")
    assert (second.label, second.label_source) == ("blue", "slide")


def test_memory_changes_speed_and_not_pixels(regions):
    roomy, none = Pixels(100, 0, AUGMENTATION, keep_views=2), Pixels(0, 0, AUGMENTATION, keep_views=2)
    for _ in range(2):
        for number in range(3):
            assert torch.equal(roomy.view(regions[0], number), none.view(regions[0], number))
    assert not none.cache
    assert {key[1] for key in roomy.cache} == {0, 1, None}


def test_memory_ends_at_its_limit(regions):
    size = read_image(regions[0]).nbytes
    pixels = Pixels(2.5 * size / 1e6)
    for region in regions[:4]:
        pixels.image(region)
    assert len(pixels.cache) == 2


def test_groups_hold_one_size_and_no_more_than_the_limit(regions):
    items = [(read_image(region), i) for i, region in enumerate(regions)]
    groups = list(same_size(items, megapixels=3 * 64 * 64 / 1e6))
    assert sorted(i for group in groups for _, i in group) == list(range(40))
    assert all(len({image.shape for image, _ in group}) == 1 for group in groups)
    assert max(len(group) for group in groups if group[0][0].shape[1] == 64) == 3
    assert max(len(group) for group in groups if group[0][0].shape[1] == 32) == 6


def test_channel_statistics_are_those_of_all_pixels(regions):
    mean, std = channel_statistics(regions)
    pixels = np.concatenate([read_image(r).permute(1, 2, 0).reshape(-1, 3).numpy() for r in regions]) / 255
    np.testing.assert_allclose(mean, pixels.mean(0), atol=1e-5)  # they are rounded to six decimals
    np.testing.assert_allclose(std, pixels.std(0), atol=1e-5)
    normalized = Normalizer(mean, std, torch.device("cpu"))([read_image(regions[0])])
    expected = (read_image(regions[0]).permute(1, 2, 0).numpy() / 255 - mean) / std
    # three roundings of float32 on numbers up to 255, divided by a spread of 31 or more: 2e-6 at most
    np.testing.assert_allclose(normalized[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_a_damaged_zip_is_named_with_what_to_do(regions):
    damaged = bytearray(regions[-1].zip.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    regions[-1].zip.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"B4\.zip: region .* cannot be read .*; make the file again"):
        for region in regions[-4:]:
            read_image(region)
