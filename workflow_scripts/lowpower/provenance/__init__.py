"""Record of a study's inputs, code and machine with hashes, and recomputation of its tables to compare."""
