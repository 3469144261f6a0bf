"""Money: what a service costs, what is due, paid and given back, and books that always balance.

Amounts are whole cents, never a float; each till (régie) has books of its own.
"""
