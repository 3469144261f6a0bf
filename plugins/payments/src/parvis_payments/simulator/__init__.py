"""PayFiP and a card payment, played on this machine: `python -m parvis_payments.simulator` starts them."""
