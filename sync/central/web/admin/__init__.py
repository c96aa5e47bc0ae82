"""The pages for people at the centre.  Importing the modules puts their views on the blueprint."""

from sync.central.web.admin import boxes, exams, overview, people, results, sign_in, sittings
from sync.central.web.admin.blueprint import admin

__all__ = ["admin", "boxes", "exams", "overview", "people", "results", "sign_in", "sittings"]
