"""The names of the ways to pay."""

PAYFIP, SANDBOX = "payments.payfip", "payments.sandbox"
