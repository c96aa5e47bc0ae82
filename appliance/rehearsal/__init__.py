"""Rehearsals before the day: a full room, and each way out of a lost box, on this very machine."""
