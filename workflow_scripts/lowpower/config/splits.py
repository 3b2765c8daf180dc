"""Training, validation and test patients for every seed, from the sheet alone, by rank of a hash.

Splits do not depend on which slides are usable, so an excluded slide moves no patient to another split or subset.
"""

from collections.abc import Iterable, Iterator, Sequence

from lowpower import rng
from lowpower.config.patients import SPLITS, Patient, patient_problems, read_patients
from lowpower.config.sheet_row import PatientRow, SheetRow
from lowpower.config.split_row import SplitRow
from lowpower.config.split_settings import Split
from lowpower.errors import InputError
from lowpower.text import abbreviate


def find_problems(
    sheet: Sequence[PatientRow],
    classes: Sequence[str],
    seeds: Sequence[int],
    split: Split,
    annotated: bool = False,
) -> list[str]:
    """Find all problems in the sheet that prevent training, each with its correction.

    sheet: one row per slide. annotated: regions have classes of their own, so a class need not be a slide's label.
    """
    problems = list(patient_problems(sheet, classes, split.by))
    labels = {row.label for row in sheet} - {""}
    if annotated and labels:
        classes = [name for name in classes if name in labels]
    problems += [
        f"class {name!r} of the config's `classes` is not the label of any slide; labels of the sheet: "
        f"{abbreviate(sorted(labels)) or 'none'}. Label slides with it, or remove it from `classes`"
        for name in classes
        if name not in labels
    ]
    if problems:
        return problems
    patients = read_patients(sheet)
    if split.by == "site":
        problems += _site_problems(patients, split.test_sites)
    if problems:
        return problems
    tested: dict[tuple[str, ...], int] = {}
    for seed in seeds:
        assigned = assign(patients, classes, seed, split)
        problems += _assignment_problems(patients, assigned, classes, seed)
        first = tested.setdefault(tuple(p for p in patients if assigned[p] == "test"), seed)
        if split.by == "random" and first != seed:
            problems.append(
                f"seeds {first} and {seed} test the same patients by chance, so their spread does not include the "
                f"choice of patients; write another seed in place of {seed} into `seeds`, or label more patients"
            )
    return problems


def divide(
    sheet: Sequence[PatientRow],
    classes: Sequence[str],
    seeds: Sequence[int],
    split: Split,
    annotated: bool = False,
) -> list[SplitRow]:
    """Rows of splits/seed*.csv: one per seed and slide of the sheet, excluded slides included, sorted by both.

    A rank is a patient's position in [0, 1) among the labeled training patients of its class, or among the unlabeled
    ones: a percentage p takes the patients with rank < p / 100, so subsets are nested and stratified.
    Raises InputError with all problems that ``find_problems`` returns.
    """
    problems = find_problems(sheet, classes, seeds, split, annotated)
    if problems:
        raise InputError("\n".join(problems))
    patients = read_patients(sheet)
    rows = []
    for seed in seeds:
        assigned = assign(patients, classes, seed, split)
        training = [patient for patient in patients if assigned[patient] == "train"]
        labeled: dict[str, float] = {}
        for label in classes:
            labeled |= _ranks([p for p in training if patients[p].label == label], seed, "labeled")
        unlabeled = _ranks([p for p in training if not patients[p].label], seed, "unlabeled")
        for row in sorted(sheet, key=lambda row: row.slide):
            patient = row.patient
            rows.append(
                SplitRow(
                    **{key: getattr(row, key) for key in ("slide", "patient", "site", "label", "true_label")},
                    seed=seed,
                    split=assigned[patient],
                    labeled_rank=labeled.get(patient),
                    unlabeled_rank=unlabeled.get(patient),
                )
            )
    return rows


def assign(patients: dict[str, Patient], classes: Sequence[str], seed: int, split: Split) -> dict[str, str]:
    """The split of each patient for one seed.

    random, kfold and site leave unlabeled patients in train and divide the labeled ones class by class. ``val`` and
    ``test`` are shares of all labeled patients (random); ``val`` is a share of those left for training (kfold, site).
    """
    if split.by == "sheet":
        return {patient: record.split for patient, record in patients.items()}
    assigned = dict.fromkeys(patients, "train")
    for label in classes:
        members = [patient for patient, record in patients.items() if record.label == label]
        order = _in_order(members, seed, "split")
        if split.by == "random":
            test, val = _share(order, split.test), _share(order, split.val)
            test_patients, remaining = order[:test], order[test:]
        elif split.by == "kfold":
            # one division into folds for all seeds, so that each patient is tested once over as many seeds as folds
            folds, fold = split.folds, seed % split.folds
            fold_order = _in_order(members, 0, "fold")
            test_patients = [p for i, p in enumerate(fold_order) if i * folds // len(fold_order) == fold]
            remaining = [p for p in order if p not in test_patients]
            val = _share(remaining, split.val)
        else:
            test_patients = [p for p in order if patients[p].site in split.test_sites]
            remaining = [p for p in order if p not in test_patients]
            val = _share(remaining, split.val)
        assigned |= dict.fromkeys(test_patients, "test") | dict.fromkeys(remaining[:val], "val")
    return assigned


def can_be_judged(row: PatientRow | SheetRow, by: str) -> bool:
    """True if a slide's patient can be in val, test or external: by the sheet's split, else if it has a label.

    row: of the sheet. by: source of the split. Seeds do not matter, so one more seed changes nothing.
    """
    return row.split in SPLITS[1:] if by == "sheet" else bool(row.label)


def _share(members: Sequence[str], share: float) -> int:
    """Number of members in a share of them, rounded, at least one."""
    return max(1, round(share * len(members)))


def _in_order(patients: Iterable[str], seed: int, purpose: str) -> list[str]:
    """Patients sorted by a hash of (seed, purpose, patient), which depends on no other patient."""
    return sorted(patients, key=lambda patient: (rng.integer(seed, purpose, patient), patient))


def _ranks(patients: Sequence[str], seed: int, purpose: str) -> dict[str, float]:
    return {patient: i / len(patients) for i, patient in enumerate(_in_order(patients, seed, purpose))}


def _site_problems(patients: dict[str, Patient], test_sites: Sequence[str]) -> Iterator[str]:
    sites = sorted({patient.site for patient in patients.values() if patient.site})
    if not test_sites or not set(test_sites) <= set(sites):
        yield (
            f"`split: {{by: site}}` with `test_sites: [{', '.join(test_sites)}]`, but the sites of the sheet are: "
            f"{', '.join(sites) or 'none'}; write some of them into `test_sites`"
        )
    # in train they would show the model the site it is tested on
    blank = [p for p, record in patients.items() if record.site in test_sites and not record.label]
    if blank:
        yield (
            f"patients without a label at a test site: {abbreviate(blank)}; write their label or "
            "remove them from the sheet"
        )


def _assignment_problems(
    patients: dict[str, Patient], assigned: dict[str, str], classes: Sequence[str], seed: int
) -> Iterator[str]:
    """Problems of any division: unlabeled patients in val or test, and classes without patients in a split."""
    for split in ("val", "test"):
        blank = [p for p, record in patients.items() if assigned[p] == split and not record.label]
        if blank:
            yield (
                f"blank label of patients in {split}: {abbreviate(blank)}; write their label, or move them to train, "
                "the only split that uses unlabeled patients"
            )
    for label in classes:
        members = [p for p, record in patients.items() if record.label == label]
        empty = [split for split in ("train", "val", "test") if not any(assigned[p] == split for p in members)]
        if empty:
            yield (
                f"class {label!r} has no labeled patient in {' and '.join(empty)} (seed {seed}; the sheet has "
                f"{len(members)} labeled patients of it); every class needs one in each of train, val and test: label "
                "more, choose other shares in `split`, or leave the class out of `classes`"
            )
