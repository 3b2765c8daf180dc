"""Fixtures shared by the tests: a tiny cohort of regions at two magnifications, made from noise and color."""

import pytest
from hypothesis import HealthCheck, settings
from project_paths import ROOT
from region_images import CLASSES, mean_by, region_image

from lowpower import files

# pyproject.toml asks for the first, whose examples are the same in every run; the other looks for new ones
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("search", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
SHARED = ROOT.parent / "shared"


@pytest.fixture
def shared():
    if not SHARED.is_dir():
        pytest.skip("needs the real slides in ../shared, which are not part of the project")
    return SHARED


@pytest.fixture
def float64():
    """Networks compute in float64: a claim that two ways of adding up are one sum is then tested to 1e-12 or so.

    In float32 it cannot be. Whether an input of a ReLU is above 0 or not may hang on its last bit, which depends on
    the order of sums, so on the processor: one such input of 770,000 changed a gradient of 1 by 6e-4, where all other
    roundings together change it by 3e-6.
    """
    torch = pytest.importorskip("torch")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def tiny_cohort(tmp_path):
    """Folder with regions/10x.csv, regions/5x.csv, their ZIPs and splits.csv: 4 regions on each of 10 slides.

    Of each class two labeled and one unlabeled training patient, one for validation, one for test. Slides A... have
    regions of 128 x 128 px at 10x, the others of 64 x 128.
    """
    index = {"10x": [], "5x": []}
    splits = []
    for c, label in enumerate(CLASSES):
        for k, split in enumerate(["train", "train", "train", "val", "test"]):
            slide = f"{'AB'[c]}{k}"
            hidden = k == 2
            splits.append(
                {
                    "seed": 0, "slide": slide, "patient": slide, "site": "", "label": "" if hidden else label,
                    "true_label": label, "split": split, "labeled_rank": k / 2 if k < 2 else "",
                    "unlabeled_rank": 0.0 if hidden else "",
                }
            )  # fmt: skip
            images = [region_image(slide, number=n, label=label, side=128) for n in range(4)]
            images = [image if c == 0 else image[:64] for image in images]
            for name, reduction, ending in (("10x", 1, "jpg"), ("5x", 2, "png")):
                path = tmp_path / f"regions/{name}/{slide}.zip"
                encoded = [
                    (f"{n:05d}.{ending}", files.encode(mean_by(image, reduction), 95 if reduction == 1 else None))
                    for n, image in enumerate(images)
                ]
                files.write_images(path, encoded)
                for n, (member, data) in enumerate(encoded):
                    h, w = images[n].shape[0] // reduction, images[n].shape[1] // reduction
                    index[name].append(
                        {
                            "region": f"{slide}_{n:05d}", "slide": slide, "zip": f"{name}/{slide}.zip",
                            "member": member, "width": w, "height": h, "area_mm2": 0.01 * (n + 1), "tissue": 1.0,
                            "annotation": "",
                            "bytes": len(data), "fingerprint": files.fingerprint_images(path),
                        }
                    )  # fmt: skip
    for name, rows in index.items():
        files.write_rows(tmp_path / f"regions/{name}.csv", list(rows[0]), rows)
    files.write_rows(tmp_path / "splits.csv", list(splits[0]), splits)
    return tmp_path
