"""The exception for a slide that cannot be used."""


class ExcludedSlide(Exception):
    """A slide that cannot be used; the message gives the reason and the remedy."""
