"""Titles of drawn figures."""


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]
