"""The centre's web: an API for boxes and other systems, and pages for people."""
