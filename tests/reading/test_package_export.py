"""The model of a package is written for other programs by one command."""

import pytest
from package_files import write_package

from lowpower.command import main


@pytest.mark.slow
def test_a_package_is_exported_under_its_name(tmp_path):
    package = write_package(tmp_path / "best", unit="grid")
    main(["export", str(package), "--out", str(tmp_path / "out"), "--onnx", "--torchscript", "--wsinfer"])
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")) == [
        "sskd-2.5x-wsinfer", "sskd-2.5x-wsinfer/README.md", "sskd-2.5x-wsinfer/config.json",
        "sskd-2.5x-wsinfer/torchscript_model.pt", "sskd-2.5x.onnx", "sskd-2.5x.pt",
    ]  # fmt: skip
    config = (tmp_path / "out/sskd-2.5x-wsinfer/config.json").read_text()
    assert '"patch_size_pixels": 32' in config  # 128 µm at 4 µm


@pytest.mark.parametrize(
    "arguments, message", [([], "say what to write: .*--wsinfer"), (["--wsinfer"], "unit tissue, which differ in size")]
)
def test_what_cannot_be_exported_is_told_in_one_message(tmp_path, arguments, message):
    package = write_package(tmp_path / "best")
    with pytest.raises(SystemExit, match=message):
        main(["export", str(package), "--out", str(tmp_path / "out"), *arguments])
    assert not list(tmp_path.glob("out/*"))
