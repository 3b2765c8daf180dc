"""units.parquet of made-up predictions, as the rule judge_units writes it."""

from lowpower.tables.unit_judging import judge_units


def write_units(folder, study, judging, splits=("test",), divisions=()):
    """The file, and the models. study: pairs of a model and its predictions."""
    models = [model for model, _ in study]
    paths = [folder / f"{k}.parquet" for k in range(len(study))]
    for path, (_, frame) in zip(paths, study, strict=True):
        frame.to_parquet(path)
    judge_units(paths, models, divisions, **judging, reported=list(splits), units=folder / "units.parquet")
    return folder / "units.parquet", models
