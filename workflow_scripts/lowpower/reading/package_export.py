"""Write the model of a package for other programs: ONNX, TorchScript, and the folder that WSInfer and QuPath read."""

from pathlib import Path

from lowpower.errors import InputError
from lowpower.inference.export import write_onnx, write_torchscript
from lowpower.inference.wsinfer_folder import write_wsinfer
from lowpower.log import say
from lowpower.reading.package_folder import load_package


def export_package(
    package: str | Path, out: str | Path, onnx: bool = False, torchscript: bool = False, wsinfer: bool = False
) -> None:
    """Write the files asked for into the folder ``out``, under the package's name. Raises InputError."""
    if not (onnx or torchscript or wsinfer):
        raise InputError(f"say what to write: lowpower export {package} --out {out} --onnx --torchscript --wsinfer")
    loaded, out = load_package(package), Path(out).expanduser()
    about = loaded.about
    out.mkdir(parents=True, exist_ok=True)
    if wsinfer:  # first, because not every package can be written so
        write_wsinfer(loaded.weights, out / f"{about.name}-wsinfer", about.unit, about.grid.size_um)
        say(f"{out / about.name}-wsinfer: model folder of WSInfer and QuPath")
    if onnx:
        write_onnx(loaded.weights, out / f"{about.name}.onnx")
        say(f"{out / about.name}.onnx: pixels (B, 3, H, W), uint8, to logits")
    if torchscript:
        write_torchscript(loaded.weights, out / f"{about.name}.pt")
        say(f"{out / about.name}.pt: normalized images (B, 3, H, W) to logits")
