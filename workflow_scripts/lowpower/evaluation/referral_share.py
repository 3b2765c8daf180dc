"""Is the share of new slides that a threshold refers one that validation lets expect?

If new slides are like the m of validation, a new slide and those m stand in any order of confidence with equal
probability. So of n new slides the number below the r-th smallest of m confidences is beta-binomial with n, r and
m - r + 1 (the coverage of order statistics, Wilks 1941): exact for every distribution of confidence, and as wide as
few validation slides make it.
"""

from scipy import stats

LEVEL = 0.01  # two-sided: at most one in 100 such sets of slides is called unlike by chance
FEWEST = 20  # slides, of new ones and of validation: with fewer, one patient with several slides decides
ALLOWED = 0.05  # of all slides: a smaller difference changes neither cost nor answers by much


def is_unlike(referred: int, slides: int, promised: int, units: int) -> bool:
    """Return whether ``referred`` of new ``slides`` is too far from ``promised`` of validation ``units``."""
    if min(slides, units) < FEWEST or abs(referred / slides - promised / units) <= ALLOWED:
        return False
    return p_of_share(referred, slides, promised, units) < LEVEL


def p_of_share(referred: int, slides: int, promised: int, units: int) -> float:
    """Two-sided p of a number referred that is so far off, or farther, on the same side: at most 1.

    The threshold lies above ``promised`` confidences of validation and at most at the next one; each side takes the end
    of that range that makes it more probable. 1 for a threshold that refers no unit, or all, by definition.
    """
    more = fewer = 1.0
    if promised < units:
        more = float(stats.betabinom.sf(referred - 1, slides, promised + 1, units - promised))
    if promised > 0:
        fewer = float(stats.betabinom.cdf(referred, slides, promised, units - promised + 1))
    return min(1.0, 2 * more, 2 * fewer)
