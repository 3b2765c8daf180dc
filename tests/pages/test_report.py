import re
from urllib.parse import unquote

import numpy as np
import pytest
from page_files import CLASSES, SLIDES, Page, complete_config, intake_rows, part_of, report_of, write_study

from lowpower import __version__, files
from lowpower.config.trained_model import Model
from lowpower.errors import InputError
from lowpower.model_header import model_header
from lowpower.pages import citation, gallery
from lowpower.pages.flow_diagram import flow
from lowpower.pages.methods_text import methods
from lowpower.pages.page import Table
from lowpower.pages.report import write_report
from lowpower.tables import results_table
from lowpower.tables.cohort_counts import CohortRow
from lowpower.tables.intake_table import IntakeRow
from lowpower.tables.layout import latex, markdown, number, percent, points
from lowpower.typed_values import typed_rows


def test_names_are_shown_as_they_are_and_nothing_in_them_is_markup(tmp_path):
    shown = Page(report_of(tmp_path))
    assert sum(tag == "script" for tag, _ in shown.tags) == 1
    assert not {"i", "object", "iframe"} & {tag for tag, _ in shown.tags}
    for name in (*CLASSES, *SLIDES):
        assert name in shown.words
    assert 'Note: <i>"5 %"</i>' in shown.words
    assert "90.0 (8.0-100.0)" in shown.words


def test_sections_stand_in_the_order_of_a_paper_and_nothing_is_fetched(tmp_path):
    text = report_of(tmp_path)
    headings = [
        "Answer",
        "Cohort",
        "Results",
        "Cost",
        "Low power first",
        "Claims",
        "Figures",
        "Slides",
        "Methods",
        "How to cite",
    ]
    assert re.findall("<h2>(.*?)</h2>", text) == headings
    shown = Page(text)
    assert {f"#{heading.lower().replace(' ', '-')}" for heading in headings} <= shown.links()
    for tag, attrs in shown.tags:
        assert tag not in ("link", "iframe", "base")
        assert attrs.get("src", "data:").startswith("data:")
        assert ":" not in attrs.get("href", "")
        assert not any(name.startswith("on") for name in attrs)
    assert "default-src 'none'" in text


def test_verdicts_stand_first_and_are_marked(tmp_path):
    text = report_of(tmp_path)
    assert '<td class="good">holds</td>' in text and '<td class="warning">does not hold</td>' in text
    claims = text[text.index('<section id="claims">') : text.index('<section id="figures">')]
    assert re.findall("<h3>(.*?)</h3>", claims)[::3] == ["Tested on test data", "Not tested here"]
    assert re.findall(r"<thead><tr><th[^>]*>(.*?)</th>", claims)[0] == "verdict"
    assert "&lt;i&gt;Students&lt;/i&gt; &amp; teachers" in claims and "of &lt;another&gt; cohort" in claims
    assert "The claims file holds no claim" in report_of(tmp_path, full=False)


def test_every_number_of_a_table_leads_to_its_file_and_every_method_to_its_models(tmp_path):
    shown = Page(report_of(tmp_path))
    cells = [place for text, place in shown.texts if "td" in place and re.fullmatch(r"[-+]?\d[\d.,]*x?.*", text)]
    assert len(cells) > 50
    assert all("a" in place for text, place in shown.texts if "td" in place and re.fullmatch(r"[\d.,]+", text))
    student = Model(method="sskd", magnification=2.5, labeled=100, unlabeled=50, seed=0).folder.removesuffix("seed0")
    tables = {
        f"tables/{name}.{form}"
        for name in ("cohort", "results", "cost", "claims", "hours", "referral")
        for form in ("csv", "md", "tex")
    }
    assert {student, "teacher/", "tables/intake.csv", "intake.html"} | tables <= shown.links()
    slides = {unquote(link) for link in shown.links() if link.startswith("slides/")}
    assert {f"slides/{files.safe_name(slide)}.json" for slide in SLIDES} == slides
    pictures = {unquote(link) for link in shown.links() if link.startswith("overviews/")}
    assert all((tmp_path / link).is_file() for link in pictures) and len(pictures) == len(SLIDES)


SAID = {
    "synthetic": "are synthetic",
    "validation": "results on validation data",
    "few": "Only 6 patients in val, fewer than 30: each moves an accuracy by 16.7 points.",
    "teacher": "no better than assigning every patient to the most frequent class: 66.7 % against 66.7 % of the val",
}


@pytest.mark.parametrize(
    "config, teacher, expected",
    [
        ({}, "0.9000", {"synthetic", "validation"}),
        ({"demo": None}, "0.6668", {"validation"}),
        ({"demo": None}, "0.6667", {"validation", "teacher"}),  # 2/3, as the commonest class
        ({"report_split": "test"}, "0.9000", {"synthetic"}),
    ],
)
def test_banners_say_what_has_to_be_known_before_any_number(tmp_path, config, teacher, expected):
    text = report_of(tmp_path, config=complete_config(**config), teacher=teacher)
    top = text[: text.index("<h2>")]
    assert {key for key, said in SAID.items() if said in top} == expected | {"few"}


def test_a_cohort_whose_scales_were_read_has_no_banner_of_declared_ones(tmp_path):
    made = write_study(tmp_path, config=complete_config(note=""))
    rows = [row | {"mpp_source": "slide", "warning": ""} for row in intake_rows()]
    files.write_rows(made["intake"], list(rows[0]), rows)
    write_report(**made, report=tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Scale declared" not in text and text.count('class="banner') == 3


def states_of(rows):
    return [IntakeRow(**row) for row in rows]


def test_the_flow_counts_what_is_in_the_sheet_excluded_and_divided(tmp_path):
    counts = typed_rows(CohortRow, files.read_rows(write_study(tmp_path)["cohort"]))
    text = "".join(Page(part_of("flow", flow(states_of(intake_rows()), counts))).words)
    for said in (
        "8 slides in the sheet", "8 patients", "2 slides excluded", "1 when opened: no <mpp>", "6 slides usable",
        "6 patients, 18 regions", "val6 patients, 18 regions", f"{CLASSES[0]}: 4 patients, 12 regions",
    ):  # fmt: skip
        assert said in text
    assert "train" not in "".join(Page(part_of("flow", flow(states_of(intake_rows()), []))).words)


def test_the_flow_names_the_commonest_reasons_and_counts_the_others():
    out = intake_rows()[0] | {"state": "excluded", "step": "mask_tissue"}
    rows = [out | {"reason": f"r{min(k, 7)}"} for k in range(10)]
    listed = re.findall("<li>(.*?)</li>", re.sub("</?a.*?>", "", part_of("flow", flow(states_of(rows), []))))
    assert listed[0] == "3 in the search for tissue: r7"
    assert listed[-1] == "3 in the search for tissue: other reasons, listed below" and len(listed) == 6


def test_empty_tables_and_equal_bytes(tmp_path):
    text = report_of(tmp_path, full=False)
    assert results_table.NOTHING in text and "<table>" not in text
    Page(text)
    assert report_of(tmp_path, full=False) == text


@pytest.mark.slow
def test_five_hundred_slides_stay_below_thirty_megabytes_and_more_are_left_beside_the_page(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    coarse = rng.integers(120, 255, (38, 50, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    picture = files.encode((coarse + rng.integers(0, 24, coarse.shape)).clip(0, 255).astype(np.uint8), 80)
    assert 18_000 < len(picture) < 40_000  # as large as a slide's, or larger
    (tmp_path / "a.jpg").write_bytes(picture)
    slides = [f"S{k}" for k in range(500)]
    rows = [intake_rows()[0] | {"slide": slide} for slide in slides]
    made = write_study(tmp_path) | {"slides": slides, "overviews": [tmp_path / "a.jpg"] * 500}
    files.write_rows(made["intake"], list(rows[0]), rows)
    write_report(**made, report=tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("<img") == 501 and len(text) < 30_000_000
    monkeypatch.setattr(gallery, "PICTURES", 3 * len(picture))
    text = part_of("gallery", gallery.gallery(slides, made["overviews"], states_of(rows)), "tables/intake.csv")
    assert text.count("<img") == 3 and "497 more slides" in text


LABELED = {"finetune": {"images": "labeled"}}
BAGS = {
    "regions_have_labels": False, "training": {"bags": "attention", "bag_regions": 5}, "aggregation": "attention",
    "methods": {"scratch": LABELED},
}  # fmt: skip


def methods_of(folder, **changes):
    made = write_study(folder)
    return dict(
        methods(complete_config(**changes), states_of(intake_rows()), files.read_rows(made["cost"]), made["teacher"])
    )


def test_rows_of_other_networks_and_other_teachers_are_told_in_the_methods(tmp_path):
    rows = dict.fromkeys(("self_distill", "color_baseline", "vicreg", "sskd"))
    rows["elsewhere"] = {"network": "resnet50", "init": "w.safetensors", "finetune": {"images": "labeled"}}
    text = methods_of(tmp_path, methods=rows, teacher="given.safetensors")
    said = text["Rows of the study"]
    assert "the teacher was a model of another study, whose training patients are not recorded here" in said
    assert (
        "`self_distill` started from random weights, read the magnification of the teacher and was distilled on all"
        in said
    )
    assert (
        "`color_baseline` was fitted to the labels of the labeled training regions, without augmentation, to "
        "convergence." in said
    )
    assert "pretrained on two views of all training regions (VICReg), without labels or teacher and was then" in said
    assert "`elsewhere` started from weights trained elsewhere and was trained on the labels" in said
    assert "`color_baseline` was not a network but a logistic regression" in text["Network"]
    assert "`elsewhere` was a ResNet-50 with the statistics of its batch normalization frozen." in text["Network"]
    assert "all students had one teacher, from another study" in text["Optimization"]
    assert "1 x 1 convolution" not in text["Distillation"]
    best = methods_of(tmp_path, teacher="best_validation")
    assert "all students had the teacher with the lowest validation log loss" in best["Optimization"]


def test_a_teacher_from_weights_trained_elsewhere_is_told_in_the_methods(tmp_path):
    teacher = {"network": "tf_efficientnet_lite0", "weights": "secret/w.safetensors"}
    text = methods_of(tmp_path, teacher=teacher, methods={"sskd": None})
    assert "The teacher was an EfficientNet-Lite0 (tf_efficientnet_lite0 of timm)" in text["Network"]
    assert "had one architecture" not in text["Network"] and "Students were a residual network" in text["Network"]
    assert "through a learned 1 x 1 convolution to the teacher's number of channels" in text["Distillation"]
    assert "the teacher started from weights trained elsewhere and was trained on those" in text["Rows of the study"]
    assert "the student of a seed had the teacher of that seed" in text["Optimization"]
    assert "secret" not in str(text)


def test_methods_are_sentences_of_the_configuration(tmp_path):
    text = methods_of(tmp_path)
    assert "8 slides of 8 patients; 6 could be used" in text["Cohort"]
    assert "The scale of 4 slides was declared" in text["Cohort"]
    assert "at 5x (2.0 µm/px) and 2.5x (4.0 µm/px)" in text["Regions"]
    assert "label-free distillation from a label-trained teacher" in text["Distillation"]
    assert (
        "4 views of each training region, once for all students" in text["Distillation"]
        and "weighted 1 : 1" in text["Distillation"]
    )
    rows = text["Rows of the study"]
    assert "`sskd` started from random weights and was distilled on all training regions without their labels." in rows
    assert "(feature weight 0.5, the last partial batch of each pass dropped)" in rows
    assert "for the last 20 % of the steps" in rows and "with 1 x the cross-entropy of their labels added" in rows
    assert "1,500 optimizer steps of 4 regions" in text["Optimization"] and "on a CPU" in text["Optimization"]
    assert "no test data were predicted" in text["Evaluation"]
    assert "torch 9.8.7" in text["Software"]


@pytest.mark.parametrize(
    "part, changes, said",
    [
        ("Cohort", {"split": {"by": "random"}}, "15 % of the labeled patients for validation, 30 % for testing"),
        ("Cohort", {"split": {"by": "kfold", "folds": 4}}, "into 4 folds"),
        ("Cohort", {"split": {"by": "site", "test_sites": ["X", "Y"]}}, "patients of X and Y for testing"),
        ("Regions", {"unit": "grid", "grid": {"size_um": 512}}, "a field of 512 x 512 µm, one every 512 µm"),
        (
            "Regions",
            {"unit": "annotation"},
            "with everything outside it whitened, cut into parts where it was",
        ),
        ("Regions", {"unit": "slide", "max_side_um": 0}, "a region: all tissue of a slide. The teacher"),
        (
            "Distillation",
            {"methods": {"m": {"distill": {"images": "all", "teacher": "online"}}}},
            "a new view in every step",
        ),
        ("Distillation", {"methods": {"scratch": None}}, "No row of this study distills."),
        ("Distillation", {"methods": {"m": {"distill": {"images": "all", "pooling": "mean"}}}}, "by average pooling"),
        (
            "Rows of the study",
            {"methods": {"sskd": None, "sskd_tuned": None}},
            "(feature weight 10, 16 batches in a step, 4 x the learning rate, weights averaged over steps, 0.995 of "
            "the past)",
        ),
        (
            "Rows of the study",
            {
                "methods": {
                    "m": {
                        "distill": {"images": "all", "feature_weight": 10, "batches_per_step": 16, "lr_multiplier": 4}
                    }
                }
            },
            "without their labels (16 batches in a step, 4 x the learning rate).",
        ),
        ("Augmentation", {"augmentation": {"flip": False, "quarter_turns": True}}, "and random quarter turns, drawn"),
        ("Optimization", {"seeds": [0, 1, 2], "gpu": True}, "Seeds: 0, 1 and 2"),
        (
            "Optimization",
            BAGS,
            "validation slides was computed, and the weights with the lowest one were kept. A slide's label was "
            "learned from a bag of up to 5 regions drawn from it in each step: the mean of the logits of its regions, "
            "weighted by gated attention (Ilse et al., arXiv 1802.04712). Students",
        ),
        (
            "Optimization",
            {"training": {"balance": "loss"}},
            "kept. Cross-entropy with labels was weighted by class",
        ),
        ("Optimization", {"training": {"balance": "sampling"}}, "labels every class was drawn equally often. Students"),
        ("Evaluation", BAGS, "are the softmax of the mean of its regions' log probabilities, weighted as in training"),
        (
            "Rows of the study",
            {
                "regions_have_labels": False,
                "methods": {"a": LABELED | {"bags": "mean"}, "b": LABELED | {"bags": "none"}, "c": LABELED},
                "training": BAGS["training"],
            },
            "`a` started from random weights and was trained on the labels of the labeled training regions (for each "
            "slide the mean of the logits of its regions). `b` started from random weights and was trained on the "
            "labels of the labeled training regions (each region with its slide's label). `c` started from random "
            "weights and was trained on the labels of the labeled training regions.",
        ),
        ("Evaluation", {"report_split": "test"}, "Test data were predicted once"),
        ("Evaluation", {}, "Students were tested twice: on the area means on which they were trained"),
        (
            "Evaluation",
            {"aggregation": "top_k", "top_k": 4},
            "for each class the mean of the 4 highest of its regions'",
        ),
        (
            "Evaluation",
            {"aggregation": "validation"},
            "whichever had the lowest log loss on the model's validation data",
        ),
        ("Evaluation", {"pixels": None}, "no test data were predicted. The probabilities of a slide"),
    ],
)
def test_methods_follow_the_configuration(tmp_path, part, changes, said):
    assert said in methods_of(tmp_path, **changes)[part]


def test_a_model_file_says_with_which_versions_it_was_made(tmp_path):
    assert model_header(write_study(tmp_path)["teacher"]).versions == {"lowpower": "0.1.0", "torch": "9.8.7"}


def test_the_citation_is_that_of_the_citation_file(monkeypatch, tmp_path):
    assert citation.references() == [
        f"The lowpower developers. lowpower: classifying histology slides at low magnification. Version {__version__}.",
        "DiPalma J, Suriawinata AA, Tafe LJ, Torresani L, Hassanpour S. Resolution-based distillation for efficient "
        "histology image classification. Artificial Intelligence in Medicine 119:102136, 2021. "
        "doi:10.1016/j.artmed.2021.102136",
    ]
    assert "  author = {DiPalma, Joseph and Suriawinata, Arief A. and " in citation.bibtex()
    other = citation.FILE.read_text(encoding="utf-8").replace("volume: 119", "volume: 7")
    (tmp_path / "CITATION.cff").write_text(other, encoding="utf-8")
    monkeypatch.setattr(citation, "FILE", tmp_path / "CITATION.cff")
    assert " 7:102136, 2021" in citation.references()[1] and "  volume = {7}," in citation.bibtex()


def test_a_missing_citation_file_is_one_message(monkeypatch, tmp_path):
    monkeypatch.setattr(citation, "FILE", tmp_path / "CITATION.cff")
    for written in (citation.references, citation.bibtex):
        with pytest.raises(InputError, match=rf"^{re.escape(str(tmp_path / 'CITATION.cff'))} is missing; copy it from"):
            written()


@pytest.mark.parametrize(
    "found, expected",
    [
        (percent("0.8750", "0.8010", "0.9320"), "87.5 (80.1-93.2)"),
        (percent("0.8750"), "87.5"),
        (percent(""), ""),
        (points("-0.0500", "-0.1200", "0.0200"), "-5.0 (-12.0 to +2.0)"),
        (points(""), ""),
        (number(-0.00001, 4), "0.0000"),
        (number(float("nan"), 4), ""),
        (number(None, 2), ""),
    ],
)
def test_numbers_as_text(found, expected):
    assert found == expected


def test_tables_escape_what_would_break_them():
    rows = [{"class": "a|b\nc", "n": "1"}]
    assert markdown(rows) == "| class  | n |\n|--------|---|\n| a\\|b c | 1 |\n"
    assert "&lt;i&gt;" in part_of("table", Table("", [{"class": "<i>"}], "t.csv"))
    assert markdown([]) == latex([]) == part_of("table", Table("", [], "t.csv")) == ""


def test_latex_keeps_numbers_and_escapes_the_rest():
    rows = [
        {"class": r"a_b & 5% \x {#1} $~^", "µm/px": "1,234", "gap": "-5.0 (-12.0 to +2.0)"},
        {"class": "[x]\n*|<>", "µm/px": "", "gap": "55.2x"},
    ]
    assert latex(rows) == (
        "\\begin{tabular}{lrr}\n\\toprule\nclass & \\textmu{}m/px & gap \\\\\n\\midrule\n"
        r"a\_b \& 5\% \textbackslash{}x \{\#1\} \$\textasciitilde{}\textasciicircum{} & 1,234 & -5.0 (-12.0 to +2.0) \\"
        "\n" + r"{[}x{]} {*}\textbar{}\textless{}\textgreater{} &  & 55.2x \\" + "\n\\bottomrule\n\\end{tabular}\n"
    )


@pytest.mark.parametrize(
    "text, shown",
    [
        ("write `a < b` & go", "write <code>a &lt; b</code> &amp; go"),
        ("one ` alone", "one ` alone"),
        ("`a` and ` alone", "<code>a</code> and ` alone"),
    ],
)
def test_code_in_a_sentence_is_set_as_code(text, shown):
    assert part_of("prose", text) == shown


def test_numbers_in_a_sentence_lead_to_their_file_and_escapes_stay_whole():
    assert re.sub("<a.*?>", "[", part_of("prose", "it's 1,234 of 2.", "t.csv")) == "it&#39;s [1,234</a> of [2</a>."
