"""Why a slide is left out."""


class ExcludedSlide(Exception):
    """A slide that cannot be used; the message says what was found and what to do about it."""
