"""Who trains, validates and tests, for every seed: by patient, from the sheet alone, by rank of a hash.

Nothing here looks at which slides could be used, so an excluded slide moves nobody to another split or subset.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from lowpower import draws
from lowpower.files import read_rows, write_rows
from lowpower.log import say
from lowpower.tables.layout import some
from lowpower.tables.patients import Patient, read_patients
from lowpower.tables.tally import check_counts, count, describe

COLUMNS = ["seed", "slide", "patient", "site", "label", "true_label", "split", "labeled_rank", "unlabeled_rank"]


def split_patients(
    index: str | Path,
    sheet: Sequence[dict[str, str]],
    classes: Sequence[str],
    seeds: Sequence[int],
    split: dict,
    output: str | Path,
) -> None:
    """Write splits.csv: one row per seed and slide of the sheet, also of excluded slides.

    index: regions at the teacher's magnification, only to count what each split holds before anything trains.
    split: the config's section: by, val, test, folds, test_sites.
    Raises ValueError when the sheet does not allow the division or a class would have nothing to learn from.
    """
    rows = split_rows(sheet, classes, seeds, split)
    counts = count(rows, read_rows(index), classes)
    say(describe(counts))
    check_counts(counts, classes)
    write_rows(output, COLUMNS, rows)


def split_rows(
    sheet: Sequence[dict[str, str]], classes: Sequence[str], seeds: Sequence[int], split: dict
) -> list[dict]:
    """The rows of splits.csv, sorted by seed and slide.

    A rank is a patient's place in [0, 1) among the labeled training patients of its class, or among the unlabeled
    ones: a percentage p takes the patients with rank < p / 100, so subsets are nested and stratified.
    """
    patients = read_patients(sheet, classes, split["by"])
    rows = []
    for seed in seeds:
        assigned = assign(patients, classes, seed, split)
        _check(patients, assigned, classes, seed)
        training = [patient for patient in patients if assigned[patient] == "train"]
        labeled = {}
        for label in classes:
            labeled |= _ranks([p for p in training if patients[p].label == label], seed, "labeled")
        unlabeled = _ranks([p for p in training if not patients[p].label], seed, "unlabeled")
        for row in sorted(sheet, key=lambda row: row["slide"]):
            patient = row["patient"]
            rows.append(
                {
                    **{key: row[key] for key in ("slide", "patient", "site", "label", "true_label")},
                    "seed": seed,
                    "split": assigned[patient],
                    "labeled_rank": labeled.get(patient, ""),
                    "unlabeled_rank": unlabeled.get(patient, ""),
                }
            )
    return rows


def assign(patients: dict[str, Patient], classes: Sequence[str], seed: int, split: dict) -> dict[str, str]:
    """The split of each patient for one seed.

    random, kfold and site leave unlabeled patients in train and divide the labeled ones class by class. ``val`` and
    ``test`` are shares of all labeled patients (random), or ``val`` of those that are left for training (kfold, site).
    """
    if split["by"] == "sheet":
        return {patient: known.split for patient, known in patients.items()}
    if split["by"] == "site":
        _check_sites(patients, split["test_sites"])
    assigned = dict.fromkeys(patients, "train")
    for label in classes:
        members = [patient for patient, known in patients.items() if known.label == label]
        order = _in_order(members, seed, "split")
        if split["by"] == "random":
            test, val = _share(order, split["test"]), _share(order, split["val"])
            testing, rest = order[:test], order[test:]
        elif split["by"] == "kfold":
            # one division into folds for all seeds, so that each patient is tested once over as many seeds as folds
            folds, fold = split["folds"], seed % split["folds"]
            places = _in_order(members, 0, "fold")
            testing = [p for i, p in enumerate(places) if i * folds // len(places) == fold]
            rest = [p for p in order if p not in testing]
            val = _share(rest, split["val"])
        else:
            testing = [p for p in order if patients[p].site in split["test_sites"]]
            rest = [p for p in order if p not in testing]
            val = _share(rest, split["val"])
        assigned |= dict.fromkeys(testing, "test") | dict.fromkeys(rest[:val], "val")
    return assigned


def _share(members: Sequence[str], share: float) -> int:
    """The whole number of members nearest to a share of them, at least one."""
    return max(1, round(share * len(members)))


def _in_order(patients: Iterable[str], seed: int, purpose: str) -> list[str]:
    """Patients by a hash that depends on (seed, purpose, patient) and on no other patient."""
    return sorted(patients, key=lambda patient: (draws.integer(seed, purpose, patient), patient))


def _ranks(patients: Sequence[str], seed: int, purpose: str) -> dict[str, float]:
    return {patient: i / len(patients) for i, patient in enumerate(_in_order(patients, seed, purpose))}


def _check_sites(patients: dict[str, Patient], test_sites: Sequence[str]) -> None:
    sites = sorted({patient.site for patient in patients.values() if patient.site})
    unknown = [site for site in test_sites if site not in sites]
    if unknown or not test_sites:
        raise ValueError(
            f"`split: {{by: site}}` with `test_sites: [{', '.join(test_sites)}]`, but the sites of the sheet are: "
            f"{', '.join(sites) or 'none'}; write some of them into `test_sites`"
        )
    # in train they would show the model the very site it is tested on
    blank = [p for p, known in patients.items() if known.site in test_sites and not known.label]
    if blank:
        raise ValueError(
            f"patients without a label at a test site: {some(blank)}; write their label or take them off the sheet"
        )


def _check(patients: dict[str, Patient], assigned: dict[str, str], classes: Sequence[str], seed: int) -> None:
    """What must hold for any division; raises ValueError."""
    for split in ("val", "test"):
        blank = [p for p, known in patients.items() if assigned[p] == split and not known.label]
        if blank:
            raise ValueError(
                f"blank label of patients in {split}: {some(blank)}; write their label, or put them into train, "
                "the only split in which unlabeled patients are of use"
            )
        for label in classes:
            if not any(known.label == label and assigned[p] == split for p, known in patients.items()):
                raise ValueError(_lacking(label, split, patients, seed))
    for label in classes:
        if not any(known.label == label and assigned[p] == "train" for p, known in patients.items()):
            raise ValueError(_lacking(label, "train", patients, seed))


def _lacking(label: str, split: str, patients: dict[str, Patient], seed: int) -> str:
    total = sum(known.label == label for known in patients.values())
    return (
        f"class {label!r} has no labeled patient in {split} (seed {seed}; the sheet has {total} labeled patients of "
        "it); every class needs one in each of train, val and test: label more, choose other shares in `split`, or "
        "leave the class out of `classes`"
    )
