"""The names of the ways to pay."""

PAYFIP, SANDBOX, STRIPE = "payments.payfip", "payments.sandbox", "payments.stripe"
