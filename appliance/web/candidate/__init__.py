"""The candidates' application: one page, and the protocol it speaks."""
