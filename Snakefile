"""lowpower: classify histology at low magnification, taught by a model that reads high magnification.

    slides.csv ─▶ check_slide ─▶ mask_tissue ─▶ tile_slide ─▶ downsample_slide ─▶ gather_slides, index_regions ─▶ split_patients
                                                                                                                      │
            train_teacher ─▶ record_teacher ─▶ distill_student | pretrain_student ─▶ finetune_student ◀───────────────┘
                  └───────────────┴──▶ predict ─▶ judge_units ─▶ evaluate, refer_units ─▶ tables, figures, report.html

Paths, all under results/{cohort}/:

    slides/{slide}.json  masks/{slide}.png  regions/{slide}.csv      one slide, by step; regions/{slide}.geojson for QuPath
    regions/{magnification}/{slide}.zip  regions/{magnification}.csv one slide's regions as images; the index of all
    regions/{magnification}-level/{slide}.zip                        the same read from the slide's own level (read_level)
    splits/seed{seed}.csv                                            patients for training, validation and test
    teacher/seed{seed}/  targets/seed{seed}/                         the teacher; its outputs for every view
    students/{method}/{magnification}/labeled{labeled}-unlabeled{unlabeled}/seed{seed}/
    overviews/{slide}.jpg  intake.html                               overviews of the slides, before training
    claims/                                                          claims registered before training (docs/claims.md)
    units.parquet                                                    predictions of all models, judged once
    packages/                                                        models to read new slides with (docs/reading.md)
    intake.csv  config.json  cost/  tables/  figures/  report.html   results; provenance.json: inputs, code, versions
    logs/  benchmarks/                                               by rule, then as above

{slide} is the slide's id with unusual characters written %XX, shortened if too long; {magnification} is for example 10x
(1.0 µm/px) or 2.5x; {labeled} and {unlabeled} are percentages of training patients.
"""

from snakemake.utils import min_version

min_version("9.25")


include: "rules/common.smk"
include: "rules/study.smk"
include: "rules/slides.smk"
include: "rules/cohort.smk"
include: "rules/claims.smk"
include: "rules/teacher.smk"
include: "rules/students.smk"
include: "rules/tables.smk"
include: "rules/report.smk"
include: "rules/package.smk"
include: "rules/provenance.smk"


onerror:
    print("lowpower: stopped; the log above says why (docs/errors.md). Finished files are kept: fix it, and run again.")


rule all:
    default_target: True
    input:
        rules.record_provenance.output,  # the last file of all: it has the hash of the report too


rule intake:  # before training: the state of every slide, and the problems of the sheet
    input:
        rules.tabulate_slides.output,
        rules.show_intake.output,


rule paper:  # the tables alone
    input:
        rules.tabulate_slides.output,
        rules.count_cohort.output,
        rules.evaluate.output,
        rules.list_patients.output,
        rules.judge_claims.output,
        rules.compare_cost.output,
        rules.refer_units.output,


rule package:  # one model with all that reading new slides needs
    input:
        rules.package_model.output,
