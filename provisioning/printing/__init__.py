"""Sheets to print: labels for boxes, the checklist and the packing list of a room."""
