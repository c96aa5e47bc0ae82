"""`examroom-provision`: what is prepared before the day, and what a box does when it starts.

A command is loaded when it is called: a box calls several while it starts, and none of them needs
the importers.
"""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "configure": "provisioning.room_setup.commands:configure_command",
    "demo": "provisioning.demo.command:demo",
    "import": "provisioning.importers.command:import_command",
    "make-rooms": "provisioning.room_plan.command:make_rooms_command",
    "print-sheets": "provisioning.printing.command:print_sheets_command",
    "proxy-configuration": "provisioning.box_services.service_commands:proxy_configuration_command",
    "seal-disk-key": "provisioning.box_services.service_commands:seal_disk_key_command",
    "seal-keys": "provisioning.box_services.service_commands:seal_keys_command",
    "self-signed": "provisioning.box_services.service_commands:self_signed_command",
    "write-sticks": "provisioning.sticks.command:write_sticks_command",
}


class _LoadedWhenCalled(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_LoadedWhenCalled)
def main() -> None:
    """Prepare exams, rosters and boxes."""
