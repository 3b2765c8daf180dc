"""A package that is whole is loaded; one that is not is refused with what is wrong and the remedy."""

import shutil

import pytest
import yaml
from package_files import edit, write_package
from project_paths import ROOT

from lowpower import files
from lowpower.config.config_page import package_schema
from lowpower.errors import InputError
from lowpower.reading.package_folder import load_package


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A student's package with its teacher's."""
    folder = tmp_path_factory.mktemp("packages")
    teacher = write_package(folder / "teacher", 10, method="teacher", pixels=["averaged"], seed=1)
    student = write_package(folder / "student", teacher=teacher)
    shutil.move(teacher, student / "teacher")
    return student


@pytest.fixture
def package(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "best")


def test_a_package_is_loaded_with_its_teacher(whole):
    package = load_package(whole)
    assert (package.about.classes, package.about.tissue.close_um) == (["Normal", "Sprue"], 16)
    assert package.teacher.about.method == "teacher" and package.teacher.teacher is None
    assert package.choices("slide", "level").temperature == 2 and package.choices("patient", "level") is None
    assert package.about.as_dict() == files.read_json(whole / "model.json")


def test_a_package_stands_without_the_folder_of_its_teacher(package):
    shutil.rmtree(package / "teacher")
    assert load_package(package).teacher is None


def cut_short(name, keep=0.5):
    def change(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(len(content) * keep)])

    return change


def other_teacher(folder):
    write_package(folder / "teacher", 10, method="teacher", cohort="other")


BROKEN = {
    "weights cut short": (cut_short("model.safetensors"), r"model\.safetensors is not the file .*cut short, or of ano"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "is cut short: it has no model.safetensors; copy the"),
    "settings cut short": (cut_short("model.json"), r"model\.json is cut short or damaged \(.*copy the whole folder"),
    "settings empty": (cut_short("model.json", 0), r"model\.json is cut short or damaged"),
    "newer": (lambda f: edit(f, format_version=2, new=1), "has format_version 2, and this lowpower reads up to 1; upd"),
    "unknown key": (lambda f: edit(f, clases=["a"]), r"model\.json: unknown key `clases`; did you mean `classes`\?"),
    "missing key": (lambda f: edit(f, top_k=None), r"the key `top_k` is missing; write it\. Number of regions per cl"),
    "wrong value": (lambda f: edit(f, unit="piece"), '`unit` is "piece"; write `tissue`, `grid`, `annotation`, `sli'),
    "other values": (lambda f: edit(f, mean=[0.1, 0.5, 0.6]), r"was edited: its `mean` is \[0.1, 0.5, 0.6\], the mod"),
    "other order": (lambda f: edit(f, classes=["Sprue", "Normal"]), "was edited: its `classes` is "),
    "teacher of another study": (other_teacher, "holds teacher-10x of cohort other, which is not the teacher that "),
    "edited teacher": (lambda f: edit(f / "teacher", top_k=9), "which is not the teacher .*, or it was edited"),
    "no package": (lambda f: (f / "model.json").unlink(), "is not a package: it holds model.safetensors, but no model"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_package_is_refused(package, kind):
    change, message = BROKEN[kind]
    change(package)
    with pytest.raises(InputError, match=message):
        load_package(package)


def test_what_is_no_package_is_named_with_the_way_to_one(package):
    with pytest.raises(InputError, match=r"package --config package=sskd/2\.5x/seed0 \(and the same --configfile\)"):
        load_package(package / "model.safetensors")
    with pytest.raises(InputError, match="package --config package=teacher/seed0 "):
        load_package(package / "teacher/model.safetensors")
    (package / "model.pt").write_bytes(b"PK")
    with pytest.raises(InputError, match="is a file of PyTorch, which may run any program when it is opened"):
        load_package(package / "model.pt")
    with pytest.raises(InputError, match="is a file; name the folder of a package"):
        load_package(package / "model.json")
    with pytest.raises(InputError, match=r"there is no folder .*; name the folder of a package: `snakemake package`"):
        load_package(package / "nowhere")
    (package / "empty").mkdir()
    with pytest.raises(InputError, match=r"is not a package: it holds no model\.json"):
        load_package(package / "empty")


def test_the_schema_is_that_of_the_classes():
    assert yaml.safe_load((ROOT / "schemas/package.schema.yaml").read_text(encoding="utf-8")) == package_schema()
