"""What a study was made from and on, written down with hashes, and its tables computed again to compare."""
