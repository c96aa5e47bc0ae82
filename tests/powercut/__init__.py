"""The plug of a whole machine: a guest whose disk loses what was not flushed.  `make powercut`.

Not part of the tests that run each time: it needs QEMU, nbdkit and mmdebstrap, and minutes.
"""
