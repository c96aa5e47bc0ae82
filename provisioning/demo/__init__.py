"""The demo: a centre, a box, its sync agent and a few simulated candidates, all on loopback."""
