"""What the audit of payments found and is not mended yet: the model does not walk there.

Take a number out once it is mended. Its sequence in `test_known` then has to hold, and the model walks there again.
"""

KNOWN = frozenset(
    {
        "A4",  # a refused card bars the direct debit for ever
        "A6",  # money in vain whose refund was withdrawn, or given back in part, is nobody's
        "A9",  # a refund that fails after it was done is not tried again
        "A11",  # accounts of our own, debits and the counter, are not watched
        "A12",  # what was lost in a dispute can be given back besides
    }
)


def shunned(number: str) -> bool:
    """Whether the model keeps away from what the audit found under a number."""
    return number in KNOWN
