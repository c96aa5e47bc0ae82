"""What the services of a box call at their start: keys, certificate, proxy."""
