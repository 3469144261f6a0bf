"""What payers have in credit at a till: where it comes from, what it is used for, what is paid out of it."""
