"""Installing an update of the box's system into the pair of partitions that does not run."""
