"""The books of a till: entries that sum to zero, receipts without a gap, days that are closed and sealed."""
