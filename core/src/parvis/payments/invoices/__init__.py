"""Bills that somebody is asked to pay: in parts or at once, each an invoice, taken back by a credit note."""
