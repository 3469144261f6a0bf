"""Money: what a service costs, what is due, paid and given back, and books that always balance.

Amounts are whole cents, never a float; each till (régie) has books of its own. `tariffs` price a request, `terms` say
how much is given back to who cancels, `invoices` ask for the amount, the modules here collect it and give it back at a
provider, `counter` by hand and `debits` from a bank account, `books` enter it, `statements` compare it with what the
provider says.
"""
