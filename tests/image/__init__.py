"""The units as systemd reads them, and what is made for a machine of its own."""
