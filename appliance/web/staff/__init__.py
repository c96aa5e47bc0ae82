"""The staff application: sign in, prepare, run the room, report."""
