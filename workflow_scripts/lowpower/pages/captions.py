"""Captions of the report's figures, and the source tables of each figure."""

from pathlib import Path

from lowpower.evaluation.calibration import BINS
from lowpower.pages.page import Figure

CAPTIONS = {
    "accuracy_flops": "Accuracy against the cost of reading one region. Vertical lines: intervals that carry the "
    "spread of seeds and of patients. Gray band and dashed line: the teacher. Gray line: rows that no cheaper row "
    "equals. Dotted: a row that costs next to nothing, at its best magnification. Of several shares of training "
    "patients, the largest is drawn.",
    "referral": "Low power first, high power where needed: the teacher reads again the units for which the student is "
    "least certain. At each magnification, the row with the lowest validation log loss; one point for each share of "
    "referred units. Ring, with its interval: the threshold chosen on validation data. Dotted: as many units, "
    "referred at random.",
    "unlabeled_share": "Effect of unlabeled images: difference in accuracy to the teacher, with intervals, against the "
    "share of unlabeled training patients, at the largest share of labeled ones. Of the methods that use no unlabeled "
    "image, only scratch is drawn (dotted).",
    "labeled_share": "Effect of labels: difference in accuracy to the teacher, which has all labels, with intervals, "
    "against the share of labeled training patients, at the largest share of unlabeled ones.",
    "recall": "Recall of each class by magnification, of regions where these have labels, otherwise of "
    "patients. Stars: the teacher.",
    "roc": "ROC curves, each class against the rest, mean of classes and seeds; of regions where these have labels, "
    "otherwise of patients.",
    "reliability": "Reliability curves: below the diagonal, a model is overconfident. Area of a dot: share of units "
    "in its bin; bins with less than 1 % are not drawn. Numbers: expected calibration error in percent, of "
    f"{BINS} bins of equal width, as in the results.",
    "confusion": "Confusion matrices: percent of each true class (rows) by the class that the model predicts, of "
    "regions where these have labels, otherwise of patients.",
    "examples": "One region of each class, drawn at random: what teacher and student read, the class that each "
    "predicts, and the strength of its last feature map (dark: none, bright: most).",
    "disagreements": "Regions that the teacher classifies correctly and the student does not.",
    "training_curves": "Validation log loss during training. Rings mark the weights that were kept.",
}
_SOURCES = {
    "accuracy_flops": ("tables/results.csv", "tables/cost.csv"),
    "referral": ("tables/referral.csv",),
    "unlabeled_share": ("tables/results.csv",),
    "labeled_share": ("tables/results.csv",),
    "recall": ("tables/confusion.csv",),
    "roc": ("tables/roc.csv", "tables/results.csv"),
    "reliability": ("tables/reliability.csv", "tables/results.csv"),
    "confusion": ("tables/confusion.csv", "tables/results.csv"),
    "examples": ("examples/examples.zip",),
    "disagreements": ("examples/examples.zip",),
}


def captioned(path: str | Path) -> Figure:
    """Combine a figure (SVG) with its caption and the files that it links to."""
    name = Path(path).stem
    return Figure(Path(path), CAPTIONS[name], (f"figures/{name}.svg", f"figures/{name}.png", *_SOURCES.get(name, ())))
