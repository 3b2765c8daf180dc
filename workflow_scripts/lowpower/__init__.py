"""lowpower: read histology at low magnification, taught by a model that reads it at high magnification.

The library behind the rules. Groups of modules that never import each other stand on a few small ones:

    magnification, files, draws, log, errors, wording      the ground: scales, files, random draws, words for people
    study/                           what is to be done: config, sheet, rows, who tests, code hashes (for the Snakefile)
    slides/                          from a slide file to regions (openslide, no torch)
    models/                          from regions to predictions (torch, no openslide)
    tables/                          from predictions to evidence (pandas, scikit-learn)
    figures/                         from tables to pictures (matplotlib)
    pages/                           from tables and pictures to the report and the intake page
    planning/                        from what past runs took to what a run will take
    provenance/                      what a study was made from, with hashes; its tables computed again
"""

__version__ = "0.1.0"
