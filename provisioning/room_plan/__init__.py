"""From a plan of a site to one folder for each box, with its room.toml and its label."""
