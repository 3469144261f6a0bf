"""A Keycloak brought in line with one file, over Parvis's own keys only.

`files` is what municipal IT writes, `wanted` what follows from it, `rules` what differs, `resources` and `flows` how
Keycloak is asked and told, `provisioning` the whole.
"""
