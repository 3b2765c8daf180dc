"""What is to be done: the config, the sheet, the models of the study and the hashes of the code.

Read by the Snakefile, so it imports neither torch nor openslide.
"""
