import json
from collections.abc import Sequence
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from project_paths import ROOT
from unit_files import write_units

from lowpower import files
from lowpower.claims import claim_tests as table
from lowpower.claims import claims_table
from lowpower.claims.claim import Claim, ClaimedRow, ResolvedClaim
from lowpower.claims.claims_file import read_claims, registration, resolve
from lowpower.claims.claims_schema import claims_schema
from lowpower.claims.registration import ADDED, BEFORE, CHANGED, RegisterEntry, former_claims, register_claims
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.config.table_settings import Statistics
from lowpower.errors import InputError
from lowpower.evaluation.aggregation import Aggregation
from lowpower.tables.unit_judging import judge
from lowpower.typed_values import as_type

SCHEMA = ROOT / "schemas/claims.schema.yaml"
CLASSES = ["a", "b", "c"]
JUDGING = {"classes": CLASSES, "regions_have_labels": True, "aggregation": Aggregation("mean", 3)}
STATISTICS = Statistics(draws=2000, rank_draws=200)
BETTER = {"id": "better", "claim": "It is better.", "test": "superiority", "row": {"method": "sskd"}}
BETTER |= {"against": {"method": "scratch"}}
CLOSE = {"id": "close", "claim": "It is as good.", "test": "noninferiority", "margin": 0.1, "row": {"method": "sskd"}}
CLOSE |= {"against": {"method": "teacher"}}
RISES = {"id": "rises", "claim": "It rises.", "test": "trend", "shares": [0, 50, 100], "row": {"method": "sskd"}}


def config_of(**changes):
    raw = {
        "cohort": "first", "slides": "slides.csv", "classes": CLASSES, "teacher_magnification": 10,
        "student_magnifications": [5, 2.5], "methods": dict.fromkeys(("scratch", "sskd", "self_distill")),
        "unlabeled": [0, 50, 100], "report_split": "test",
    }  # fmt: skip
    return read_config(raw | changes, ROOT / "schemas/config.schema.yaml")


def written(folder, claims, name="claims.yaml"):
    (folder / name).write_text(yaml.safe_dump({"claims": claims}))
    return folder / name


def resolved(folder, claims, **changes):
    config = config_of(**changes)
    return resolve(read_claims(written(folder, claims), SCHEMA).claims, config, models(config))


def names(claim):
    return [arm.name for arm in claim.arms]


def test_the_schema_file_is_that_of_the_class():
    assert yaml.safe_load(SCHEMA.read_text(encoding="utf-8")) == claims_schema(), "run `make docs`"


def test_a_claim_is_read_with_its_defaults_and_kept_as_written(tmp_path):
    found = read_claims(written(tmp_path, [CLOSE]), SCHEMA)
    assert found.written == [CLOSE]
    assert found.claims == [
        Claim(
            **CLOSE | {"row": ClaimedRow(method="sskd"), "against": ClaimedRow(method="teacher")},
            source="own", figure="", cohorts=[], metric="accuracy", per="patient", shares=None,
        )
    ]  # fmt: skip


def test_a_resolved_claim_passes_through_a_rules_params_unchanged(tmp_path):
    found = resolved(tmp_path, [BETTER, CLOSE, RISES, BETTER | {"id": "other", "cohorts": ["celiac"]}])
    plain = json.loads(json.dumps([asdict(claim) for claim in found]))
    assert as_type(Sequence[ResolvedClaim], plain) == found


def test_the_claims_of_lowpower_itself_are_valid_and_the_papers_have_its_ids():
    _, raw, claims = read_claims(ROOT / "configs/claims.yaml", SCHEMA)
    assert [claim["id"] for claim in raw][:6] == ["CD-4x", "LUAD-64x", "RCC-16x", "CD-unlab", "SCALE", "UNIT"]
    assert len(raw) == len(claims) and all(claim.per == "patient" for claim in claims)


@pytest.mark.parametrize("name", ["celiac", "luad", "rcc"])
def test_each_cohort_of_the_paper_tests_its_own_claims_once_the_study_is_final(name):
    raw = yaml.safe_load((ROOT / f"configs/{name}.yaml").read_text())
    _, _, claims = read_claims(ROOT / "configs/claims.yaml", SCHEMA)
    config = read_config(raw | {"report_split": "test"}, ROOT / "schemas/config.schema.yaml")
    found = {claim.id: claim.why for claim in resolve(claims, config, models(config))}
    own = {"celiac": ("CD-4x", "CD-unlab", "SCALE"), "luad": ("LUAD-64x",), "rcc": ("RCC-16x",)}[name]
    assert all(found[claim] == "" for claim in (*own, "any-16x", "level"))
    assert all(found[claim].startswith("it is about cohort ") for claim in {"CD-4x", "LUAD-64x", "RCC-16x"} - set(own))
    final = read_config(raw, ROOT / "schemas/config.schema.yaml")
    assert all(claim.why for claim in resolve(claims, final, models(final)))


def test_what_a_claim_does_not_say_is_the_lowest_magnification_and_the_largest_shares(tmp_path):
    of = "sskd at 2.5x, labeled 100 %, unlabeled 100 %, averaged pixels"
    better, close, rises = resolved(tmp_path, [BETTER, CLOSE, RISES])
    assert names(better) == [of, "scratch at 2.5x, labeled 100 %, unlabeled 0 %, averaged pixels"]
    assert names(close) == [of, "teacher at 10x"]
    assert names(rises) == [of.replace("unlabeled 100", f"unlabeled {share}") for share in (0, 50, 100)]
    assert close.arms[0].folders == ["students/sskd/2.5x/labeled100-unlabeled100/seed0"]


def test_a_claim_may_write_a_magnification_to_four_digits(tmp_path):
    claims = [CLOSE | {"row": {"method": "sskd", "magnification": 1.667}}]
    (close,) = resolved(tmp_path, claims, student_magnifications=[2.5, 10 / 6])
    assert "/1.6666666666666667x/" in close.arms[0].folders[0]


def test_what_a_claim_compares_with_is_its_row_but_for_what_it_says(tmp_path):
    row = {"method": ["absent", "sskd"], "fewer_pixels": 4}
    pixels = CLOSE | {"row": row | {"pixels": "level"}, "against": {"pixels": "averaged"}}
    itself = CLOSE | {"id": "itself", "row": row, "against": {"method": "self_distill"}}
    other = CLOSE | {"id": "other", "row": {"method": "scratch"}, "against": {"method": "sskd"}}
    shares = CLOSE | {"id": "shares", "row": row, "against": {"unlabeled": 0}}
    found = resolved(tmp_path, [pixels, itself, shares, other], pixels=["averaged", "level"])
    of = "sskd at 5x, labeled 100 %, unlabeled 100 %, averaged pixels"
    assert names(found[0]) == [of.replace("averaged", "level"), of]
    assert names(found[1]) == [of, of.replace("sskd at 5x", "self_distill at 10x")]
    assert names(found[2]) == [of, of.replace("unlabeled 100", "unlabeled 0")]
    assert names(found[3])[1] == of.replace("5x", "2.5x")  # scratch sees no unlabeled region, which sskd need not share


@pytest.mark.parametrize(
    "claim, changes, why",
    [
        (BETTER | {"test": "none"}, {}, "no number tests it"),
        (BETTER | {"cohorts": ["celiac"]}, {}, "it is about cohort celiac"),
        (BETTER, {"report_split": "val"}, "claims are tested on test data, once: write `report_split: test`"),
        (BETTER | {"row": {"method": ["sskd_tuned", "x"]}}, {}, "the study has no row sskd_tuned or x"),
        (BETTER | {"row": {"method": "sskd", "fewer_pixels": 64}}, {}, r"no sskd at 1.25x \(8.0 µm/px\)"),
        (BETTER | {"against": {"unlabeled": 25}}, {}, "no sskd with 25 % of the unlabeled patients"),
        (RISES | {"shares": [0, 25, 100]}, {}, "no sskd with 25 % of the unlabeled patients"),
        (BETTER | {"against": {"method": ["sskd_tuned", "sskd"]}}, {}, "it compares sskd at 2.5x, .* with itself"),
        (BETTER | {"row": {"method": "sskd", "pixels": "level"}}, {}, "sskd is not tested on the slide's own level"),
    ],
)
def test_a_claim_that_a_study_cannot_test_is_no_error_but_says_why(tmp_path, claim, changes, why):
    (found,) = resolved(tmp_path, [claim], **changes)
    assert found.arms == []
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(found.why)


@pytest.mark.parametrize(
    "content, message",
    [
        ("claims: [", r"claims.yaml, line 1: this is not YAML \(.*\); correct this line or the one above it"),
        ("claims: []\nclaims: []", "claims.yaml, lines 1 and 2: the key `claims` occurs twice in one section"),
        (
            "claims: [{id: no, claim: x, test: none}]",
            r"claim 1: `id` is no, which YAML reads as false \(.*line 1\); write it in quotes, \"no\"",
        ),
        ("other: []", r"write one key, `claims`, with a list of claims \(`claims: \[\]` for none\)"),
        ([BETTER | {"metrik": "auroc"}], "claim better: unknown key `metrik`; did you mean `metric`"),
        ([BETTER | {"metric": "f1"}], 'claim better: `metric` is "f1"; write `accuracy`, `macro_f1`'),
        ([BETTER | {"test": "t"}], 'claim better: `test` is "t"; write `superiority`, '),
        ([CLOSE | {"margin": 2}], "claim close: `margin` is 2; write number, 0 to 0.5. For noninferiority"),
        ([BETTER, BETTER], "claim better: the id occurs twice"),
        ([{"claim": "x", "test": "none"}], "claim 1: the key `id` is missing"),
        ([BETTER | {"margin": 0.1}], "test superiority has no margin; margins are for noninferiority and equivalence"),
        ([BETTER | {"test": "equivalence"}], "test equivalence needs a `margin`, such as 0.015"),
        ([BETTER | {"test": "trend"}], "test trend needs `shares`"),
        ([BETTER | {"against": {}}], "write into `against` what its row is compared with"),
        ([BETTER | {"row": {}}], "write the `method` of its `row`"),
        ([BETTER | {"row": {"method": "a", "magnification": 5, "fewer_pixels": 4}}], "not both"),
    ],
)
def test_a_bad_file_of_claims_is_one_message(tmp_path, content, message):
    path = written(tmp_path, content if isinstance(content, list) else [])
    if isinstance(content, str):
        path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_claims(path, SCHEMA)
    assert str(caught.value).startswith(f"claims file {path}")


def test_a_study_may_have_no_claims(tmp_path):
    assert read_claims(written(tmp_path, []), SCHEMA)[1:] == ([], [])
    register_claims([], "0" * 64, tmp_path / "claims/001.json")
    outputs = [tmp_path / f"claims.{form}" for form in ("csv", "md", "tex")]
    units, _ = write_units(tmp_path, [], JUDGING)
    table.judge_claims([], [tmp_path / "claims/001.json"], units, [], STATISTICS, "first", *outputs)
    assert files.read_rows(outputs[0]) == [] and claims_table.NOTHING in outputs[1].read_text()


def register(folder, claims):
    """What a run does with a file of these claims; the entries of the register afterwards."""
    sha256, raw, _ = read_claims(written(folder, claims), SCHEMA)
    paths = registration(folder / "claims", sha256)
    if not (folder / "claims" / paths[-1]).is_file():
        register_claims(raw, sha256, paths[-1])
    return [RegisterEntry.read(path) for path in paths], paths


def train(folder):
    (folder / "teacher/seed0").mkdir(parents=True)
    (folder / "teacher/seed0/last.pt").touch()


def test_each_change_of_the_file_is_an_entry_and_none_is_written_over(tmp_path):
    _, first = register(tmp_path, [BETTER])
    kept = (tmp_path / first[0]).read_bytes()
    assert register(tmp_path, [BETTER])[1] == first
    train(tmp_path)
    entries, paths = register(tmp_path, [BETTER, CLOSE])
    assert [entry.training_had_begun for entry in entries] == [False, True]
    assert paths[0] == first[0] and (tmp_path / first[0]).read_bytes() == kept
    assert len(register(tmp_path, [BETTER])[1]) == 3  # back to the first file is a change too
    assert len(entries[0].sha256) == 64 and entries[0].claims == [BETTER]


def rows_of(folder, claims, frames=(), **changes):
    """The rows of the table; frames: predictions by folder of the model."""
    entries, _ = register(folder, claims)
    found = resolved(folder, claims, **changes)
    frames = dict(frames)
    judged = judge(list(frames.values()), classes=CLASSES, regions_have_labels=True, splits=["test"]) if frames else []
    return table.claim_rows(
        found, entries=entries, judged=judged, folders=list(frames), statistics=STATISTICS, cohort="first"
    )


def test_the_table_says_of_each_claim_whether_it_stood_before_training(tmp_path):
    register(tmp_path, [BETTER, CLOSE, RISES])
    train(tmp_path)
    changed = [BETTER, CLOSE | {"margin": 0.2}, RISES | {"id": "late"}]
    rows = rows_of(tmp_path, changed, report_split="val")
    assert [(row["id"], row["registered"]) for row in rows] == [
        ("better", BEFORE), ("close", CHANGED), ("late", ADDED), ("close", BEFORE), ("rises", BEFORE),
    ]  # fmt: skip
    assert [row["why"] for row in rows[3:]] == [
        "it was reworded after training began", "it was taken out of the file after training began",
    ]  # fmt: skip
    assert rows_of(tmp_path, [CLOSE], report_split="val")[0]["registered"] == BEFORE


def test_claims_that_were_withdrawn_before_training_are_listed_and_not_counted(tmp_path):
    register(tmp_path, [BETTER, RISES])
    register(tmp_path, [BETTER])
    train(tmp_path)
    former = former_claims(register(tmp_path, [BETTER])[0])
    assert [(claim.written["id"], claim.why, claim.counts) for claim in former] == [
        ("rises", "it was taken out of the file before training", False)
    ]


@pytest.mark.slow
def test_a_withdrawn_claim_counts_as_one_more_test_that_failed(tmp_path):
    withdrawn = [BETTER | {"id": f"m{k}"} for k in range(9)]
    frames = of_study(range(2), range(9), {0: range(2), 50: range(2), 100: range(2)})
    register(tmp_path, [BETTER, *withdrawn])
    train(tmp_path)
    rows = rows_of(tmp_path, [BETTER], frames)
    assert [row["verdict"] for row in rows] == ["inconclusive", *["not tested here"] * 9]
    assert (
        float(rows[0]["p_holm"]) == pytest.approx(10 * float(rows[0]["p"]), abs=1e-3) and "one of 10" in rows[0]["why"]
    )


def predictions(wrong, patients=120, regions=2):
    """Predictions of a test set in which the patients of ``wrong`` are answered wrong."""
    rows = []
    for p in range(patients):
        guess = (p + (p in wrong)) % 3
        for k in range(regions):
            rows.append(
                {
                    "region": f"s{p:03d}_{k}", "slide": f"s{p:03d}", "patient": f"p{p:03d}", "site": "",
                    "split": "test", "label": CLASSES[p % 3], "true_label": "", "label_source": "slide", "area_mm2": 1,
                    "pixels": "averaged", **{f"p_{name}": 0.8 if k == guess else 0.1 for k, name in enumerate(CLASSES)},
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def of_study(teacher, scratch, sskd, seed=0, **how):
    """Predictions by folder, of students at 2.5x: ``sskd`` by its unlabeled share."""
    folder = "students/{}/2.5x/labeled100-unlabeled{}/seed{}"
    frames = {f"teacher/seed{seed}": teacher, folder.format("scratch", 0, seed): scratch}
    frames |= {folder.format("sskd", share, seed): wrong for share, wrong in sskd.items()}
    return {name: predictions(wrong, **how) for name, wrong in frames.items()}


STUDY = of_study(range(2), range(40), {0: range(30), 50: range(15), 100: range(3)})


@pytest.mark.slow
def test_each_claim_has_its_estimate_interval_and_verdict(tmp_path):
    worse = BETTER | {"id": "worse", "row": {"method": "scratch"}, "against": {"method": "sskd"}}
    open_ = BETTER | {"id": "open", "against": {"method": "teacher"}}
    same = CLOSE | {"id": "same", "test": "equivalence", "margin": 0.15}
    found = {row["id"]: row for row in rows_of(tmp_path, [BETTER, CLOSE, RISES, worse, open_, same], STUDY)}
    assert {name: row["verdict"] for name, row in found.items()} == {
        "better": "holds", "close": "holds", "rises": "holds", "worse": "does not hold", "open": "inconclusive",
        "same": "holds",
    }  # fmt: skip
    better = found["better"]
    assert float(better["estimate"]) == pytest.approx(37 / 120, abs=1e-4)
    assert 0.2 < float(better["low"]) < 37 / 120 < float(better["high"]) < 0.42
    assert (better["patients"], better["seeds"], better["why"]) == (
        "120", "1", "one seed: these models alone, not their methods",
    )  # fmt: skip
    assert (better["only_row_right"], better["only_against_right"]) == ("37", "0")
    assert float(better["p"]) <= float(better["p_holm"]) < 0.05
    assert float(found["close"]["low"]) > -0.1
    assert float(found["rises"]["estimate"]) == pytest.approx(27 / 120 / 2, abs=1e-4)
    released = [np.mean(120 / (120 + 2 * wrong * np.ones(3) / 3)) for wrong in (3, 40)]
    assert float(better["accuracy_released"]) == pytest.approx(released[0] - released[1], abs=1e-3)
    assert float(better["accuracy_one_vs_rest"]) == pytest.approx(2 / 3 * 37 / 120, abs=1e-3)


@pytest.mark.slow
def test_a_claim_alone_holds_that_does_not_among_many(tmp_path):
    frames = of_study(range(2), range(9), {0: range(2), 50: range(2), 100: range(2)})
    alone = rows_of(tmp_path, [BETTER], frames)[0]
    assert alone["verdict"] == "holds" and 0.001 < float(alone["p"]) < 0.05
    many = [
        BETTER | {"id": f"m{k}", "row": {"method": "sskd", "unlabeled": 0}, "against": {"unlabeled": 50}}
        for k in range(9)
    ]
    first = rows_of(tmp_path, [BETTER, *many], frames)[0]
    assert first["verdict"] == "inconclusive" and "not as one of 10" in first["why"]


@pytest.mark.slow
def test_a_withdrawn_claim_about_another_cohort_or_without_a_test_is_listed_and_not_counted(tmp_path):
    others = [BETTER | {"id": "elsewhere", "cohorts": ["celiac"]}, {"id": "u", "claim": "Untested.", "test": "none"}]
    frames = of_study(range(2), range(9), {0: range(2), 50: range(2), 100: range(2)})
    register(tmp_path, [BETTER, *others])
    train(tmp_path)
    rows = rows_of(tmp_path, [BETTER], frames)
    assert [row["id"] for row in rows] == ["better", "elsewhere", "u"]
    assert rows[0]["p_holm"] == rows[0]["p"] and rows[0]["verdict"] == "holds"


def test_seeds_are_averaged_and_mcnemar_is_left_to_one_seed(tmp_path):
    frames = STUDY | of_study(range(2), range(20), {0: range(30), 50: range(15), 100: range(3)}, seed=1)
    (row,) = rows_of(tmp_path, [BETTER], frames, seeds=[0, 1])
    assert float(row["estimate"]) == pytest.approx((37 + 17) / 2 / 120, abs=1e-4)
    assert (row["seeds"], row["p_mcnemar"], row["verdict"]) == ("2", "", "inconclusive")  # 37 and 17 points: one df
    alike = STUDY | of_study(range(2), range(40), {0: range(30), 50: range(15), 100: range(3)}, seed=1)
    (row,) = rows_of(tmp_path, [BETTER], alike, seeds=[0, 1])
    assert row["verdict"] == "holds"


def test_too_few_patients_are_told_from_their_number_alone(tmp_path):
    few = of_study([], [], {0: [], 50: [], 100: []}, patients=30)
    better, close = rows_of(tmp_path, [BETTER, CLOSE], few)
    assert better["verdict"] == "inconclusive"
    assert close["verdict"] == "not tested here"
    assert close["why"].startswith("too few test patients: with 30 no margin below 13.6 points can be shown")
    few = of_study([], [], {0: [], 50: [], 100: []}, patients=9)
    assert rows_of(tmp_path, [BETTER], few)[0]["why"].startswith("too few test patients: 9; it takes 10")


def test_regions_are_counted_where_they_have_labels(tmp_path):
    (row,) = rows_of(tmp_path, [BETTER | {"per": "region"}], STUDY)
    assert (row["n"], row["verdict"], row["p_mcnemar"]) == ("240", "holds", "")
    unlabeled = judge(list(STUDY.values()), classes=CLASSES, regions_have_labels=False, splits=["test"])
    claim = resolved(tmp_path, [BETTER | {"per": "region"}])
    (row,) = table.claim_rows(
        claim,
        entries=register(tmp_path, [BETTER | {"per": "region"}])[0],
        judged=unlabeled,
        folders=list(STUDY),
        statistics=STATISTICS,
        cohort="first",
    )
    assert row["why"] == "labels here are of slides, not of regions"


@pytest.mark.slow
def test_the_files_have_the_same_bytes_twice_and_the_papers_figure_stands_beside_one_number(tmp_path):
    claims = [BETTER | {"figure": "adds 4 %"}, CLOSE | {"cohorts": ["celiac"]}]
    _, paths = register(tmp_path, claims)
    study = [(SimpleNamespace(folder=folder, seed=0), frame) for folder, frame in STUDY.items()]
    units, _ = write_units(tmp_path, study, JUDGING)
    found = []
    for name in ("one", "two"):
        outputs = [tmp_path / f"{name}.{form}" for form in ("csv", "md", "tex")]
        table.judge_claims(resolved(tmp_path, claims), paths, units, list(STUDY), STATISTICS, "first", *outputs)
        found.append([path.read_bytes() for path in outputs])
    assert found[0] == found[1]
    text = (tmp_path / "one.md").read_text()
    assert "accuracy_released | the paper |" in text and text.count("adds 4 %") == 1
    assert claims_table.in_short(files.read_rows(tmp_path / "one.csv")) == "claims: 1 holds, 1 not tested here"
