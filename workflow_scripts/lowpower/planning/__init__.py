"""From measurements of past runs to the forecast of a run."""
