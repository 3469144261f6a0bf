"""What plugin authors test with: a migrated database for each test, a clock, people, a mailbox, conformance kits."""
