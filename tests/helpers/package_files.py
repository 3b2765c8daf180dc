"""Packages of networks with random weights, as the rule package_model writes them."""

from dataclasses import replace

from lowpower import files
from lowpower.config.package import ABOUT, FORMAT_VERSION, WEIGHTS, Choices, Package, Referral, TeacherPackage
from lowpower.config.slide_settings import Grid, Tissue
from lowpower.hashes import hash_of
from lowpower.model_header import ModelHeader
from lowpower.models import networks
from lowpower.models.attention import fit_attention
from lowpower.models.model_file import save_model

CLASSES = ["Normal", "Sprue"]


def choices(per="slide", pixels="averaged", **changes):
    """What validation chose: mean, a temperature of 2, and one threshold of referral."""
    referral = [Referral(asked="chosen", threshold=0.75, share=0.25)]
    chosen = Choices(per=per, pixels=pixels, units=4, aggregation="mean" if per != "region" else "", temperature=2.0,
                     threshold=0.5, referral=referral)  # fmt: skip
    return replace(chosen, **changes)


def write_package(folder, magnification=2.5, teacher=None, seed=0, bags=None, **changes):
    """Write a package of a random network; return its folder. teacher: folder of its teacher's package, if any.

    bags: mean or attention, for a network that was trained on bags of regions.
    """
    about = {"classes": CLASSES, "network": "resnet10", "mean": [0.7, 0.5, 0.6], "std": [0.2, 0.25, 0.2]}
    about |= {key: changes.pop(key) for key in about.keys() & changes.keys()}
    method = changes.pop("method", "sskd")
    header = ModelHeader(
        classes=about["classes"], mean=about["mean"], std=about["std"], magnification=magnification, method=method,
        seed=0, fingerprint="cafe", bags=bags,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    network = networks.build(about["network"], len(about["classes"]), seed)
    fit_attention(network, bags)
    save_model(folder / WEIGHTS, network, header)
    reference = None
    if teacher:
        reference = TeacherPackage(name="teacher-seed0", sha256=hash_of(teacher / ABOUT))
    package = Package(
        **about,
        **{
            "format_version": FORMAT_VERSION, "name": f"{method}-{magnification}x", "cohort": "own", "method": method,
            "magnification": magnification, "mpp": 10 / magnification, "labeled": 100, "unlabeled": 100, "seed": 0,
            "positive_class": "Sprue", "sha256": hash_of(folder / WEIGHTS), "fingerprint": "cafe", "teacher": reference,
            "teacher_magnification": 10, "region_multiple": 128, "unit": "tissue", "max_side_um": 0,
            "tissue": Tissue(min_area_um2=1000, close_um=16), "grid": Grid(size_um=128), "jpeg_quality": 95,
            "pixels": ["averaged", "level"], "megapixels_per_pass": 4, "top_k": 3,
            "choices": [choices(), choices(pixels="level"), choices("region"), choices("region", "level")],
            "counts": [], "note": "", "terms": "", "versions": {"lowpower": "1", "torch": "2"},
        } | changes,
    )  # fmt: skip
    files.write_json(folder / ABOUT, package.as_dict())
    return folder


def edit(folder, **changes):
    """Change keys of model.json; None removes one."""
    raw = files.read_json(folder / ABOUT) | changes
    files.write_json(folder / ABOUT, {key: value for key, value in raw.items() if value is not None})
    return folder
