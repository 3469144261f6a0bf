"""PayFiP Régie: how the public accountants of France take cards and debits. Spoken by hand, as it is a page of SOAP."""
