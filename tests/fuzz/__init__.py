"""Spoilt documents for every parser that meets bytes from outside."""
