"""From what past runs measured to what a run will take."""
