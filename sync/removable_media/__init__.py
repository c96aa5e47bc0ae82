"""Carrying bundles and mailbox documents on a stick: the same bytes as by network."""
