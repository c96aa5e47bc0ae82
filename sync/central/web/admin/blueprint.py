"""The blueprint that all pages of the centre stand on."""

from flask import Blueprint

admin = Blueprint("admin", "sync.central.web", template_folder="templates")
