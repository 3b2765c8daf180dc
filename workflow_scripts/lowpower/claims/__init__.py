"""Claims: read from their file, registered before training, tested on test data."""
