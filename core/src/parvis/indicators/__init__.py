"""Figures of what is offered and what becomes of it, about nobody: counts that outlive the dossiers behind them."""
