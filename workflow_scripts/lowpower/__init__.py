"""lowpower: read histology at low magnification, taught by a model that reads it at high magnification.

The library behind the rules. Three groups never import each other and stand on three small modules:

    magnification, files, draws      the ground: scales, files, random draws
    study/                           what is to be done: config, sheet, rows, code hashes (read by the Snakefile)
    slides/                          from a slide file to regions (openslide, no torch)
    models/                          from regions to predictions (torch, no openslide)
    tables/                          from predictions to evidence (pandas, scikit-learn, matplotlib)
"""

__version__ = "0.1.0"
