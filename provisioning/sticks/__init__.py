"""Sticks for boxes and clients: an image on many at once, verified and measured."""
