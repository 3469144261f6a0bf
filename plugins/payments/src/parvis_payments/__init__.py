"""Ways to pay online: PayFiP, and a sandbox for demonstrations."""
