"""The model folder that WSInfer and its extension of QuPath read.

Source: the schema of config.json, version 1.0, in wsinfer-zoo (github.com/SBU-BMI/wsinfer-zoo, Apache-2.0). Both cut
square patches of ``patch_size_pixels * spacing_um_px`` µm, resize them, normalize them and take the softmax.
"""

from pathlib import Path

from lowpower.errors import InputError
from lowpower.files import replacing, write_json
from lowpower.inference.export import write_torchscript
from lowpower.magnification import describe, mpp_of
from lowpower.model_header import ModelHeader, model_header

_README = """\
# {title}

A model of lowpower for WSInfer and QuPath's WSInfer extension. It reads patches of {side} x {side} px at
{magnification}, {um:g} µm wide, and gives the probability of each class: {classes}.

- `config.json`: the input that it needs (WSInfer's configuration, version 1.0)
- `torchscript_model.pt`: the network, `{architecture}`; images (N, 3, {side}, {side}) to logits (N, {count})

    wsinfer run --wsi-dir slides/ --results-dir results/ --config config.json --model-path torchscript_model.pt

WSInfer and QuPath shrink patches themselves, so their probabilities differ a little from those of lowpower. For
research use only; not a medical device.
"""


def write_wsinfer(model: str | Path, folder: str | Path, unit: str, field_um: float) -> None:
    """Write config.json, torchscript_model.pt and README.md for a model file into a folder.

    unit: of the model's regions; field_um: side of a field of unit grid, in µm. Raises InputError for another unit,
    whose regions differ in size.
    """
    if unit != "grid":
        raise InputError(
            f"{model} learned from regions of unit {unit}, which differ in size, but WSInfer reads patches of one "
            "size; write ONNX or TorchScript, or train with `unit: grid`"
        )
    header = model_header(model)
    config = _configuration(header, field_um)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_torchscript(model, folder / "torchscript_model.pt")
    write_json(folder / "config.json", config)
    with replacing(folder / "README.md") as part:
        part.write_text(_readme(header, config), encoding="utf-8")


def _configuration(header: ModelHeader, field_um: float) -> dict:
    """Content of config.json."""
    spacing = mpp_of(header.magnification)
    side = round(field_um / spacing)
    return {
        "spec_version": "1.0",
        "architecture": header.architecture,
        "num_classes": len(header.classes),
        "patch_size_pixels": side,
        "spacing_um_px": spacing,
        "class_names": header.classes,
        "transform": [
            {"name": "Resize", "arguments": {"size": side}},
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": header.mean, "std": header.std}},
        ],
    }


def _readme(header: ModelHeader, config: dict) -> str:
    side = config["patch_size_pixels"]
    return _README.format(
        title=f"{header.method or header.architecture}, {header.magnification:g}x", side=side,
        magnification=describe(header.magnification), um=side * config["spacing_um_px"],
        classes=", ".join(header.classes), architecture=header.architecture, count=len(header.classes),
    )  # fmt: skip
