"""Services under contract: what their holders propose, what their authorities agree to, and every step between."""
