"""Seeded simulation: workstations, boxes, agents and the centre in one process.

Simulated are time, network and power; everything else is the product: decide, journal, SQLCipher
files, web applications with their boundaries, the follower, the agent, the centre.  First come
faults, with the promises checked as they are made; then quiet, and everything must converge.
"""
