"""What the audit of payments found and is not mended yet: the model does not walk there.

Take a number out once it is mended. Its sequence in `test_known` then has to hold, and the model walks there again.
"""

KNOWN = frozenset(
    {
        "A2",  # one answer that cannot be read stops everybody's polling
        "A3",  # a bill or mandate withdrawn before the batch is sent is debited all the same
        "A4",  # a refused card bars the direct debit for ever
        "A5",  # a debit that comes back leaves its other refunds to be paid
        "A6",  # money in vain whose refund was withdrawn, or given back in part, is nobody's
        "A8",  # after twenty minutes a new page opens without asking about the old one
        "A9",  # a refund that fails after it was done is not tried again
        "A11",  # accounts of our own, debits and the counter, are not watched
        "A12",  # what was lost in a dispute can be given back besides
        "A13",  # the second person's limit is for a refund, not for what was paid
        "A14",  # a debit that comes back for a bill taken back leaves it to be refunded for ever
    }
)


def shunned(number: str) -> bool:
    """Whether the model keeps away from what the audit found under a number."""
    return number in KNOWN
