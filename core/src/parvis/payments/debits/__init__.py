"""SEPA direct debits of a till: mandates, batches as files for its bank, and what comes back from there."""
