"""lowpower: classify histology at low magnification with models distilled from a high-magnification teacher.

The library behind the rules. Each room imports only those above it:

    magnification, files, rng, log, errors, text    small modules that every room uses
    config/        definition of a study: config, sheet, splits, models and their jobs
    slides/        from a slide file to regions (openslide, no torch)
    models/        from regions to predictions (torch, no openslide)
    evaluation/    units, metrics, intervals, calibration, tests: functions of arrays
    tables/        from predictions to tables
    claims/        claims, registered before training and tested on test data
    figures/       from tables to figures (matplotlib)
    pages/         from tables and figures to the report, the intake page and the model cards
    planning/      from the times of past runs to those of a planned run
    provenance/    inputs, code and versions of a study, with hashes; its tables recomputed
    command, study_summary    the command `lowpower`, above all rooms
"""

__version__ = "0.1.0"
