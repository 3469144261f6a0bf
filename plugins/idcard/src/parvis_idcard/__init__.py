"""Identity cards and passports."""
