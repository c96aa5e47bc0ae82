"""`examroom-provision`: what is prepared before the day, and what a box does when it starts."""

from __future__ import annotations

import click

from appliance.platform.lazy_commands import LazyGroup

_COMMANDS = {
    "configure": "provisioning.room_setup.commands:configure_command",
    "demo": "provisioning.demo.command:demo",
    "import": "provisioning.importers.command:import_command",
    "install-update": "provisioning.system_update.command:install_update_command",
    "make-rooms": "provisioning.room_plan.command:make_rooms_command",
    "print-sheets": "provisioning.printing.command:print_sheets_command",
    "proxy-configuration": "provisioning.box_services.proxy_command:proxy_configuration_command",
    "seal-disk-key": "provisioning.box_services.service_commands:seal_disk_key_command",
    "seal-keys": "provisioning.box_services.service_commands:seal_keys_command",
    "self-signed": "provisioning.box_services.service_commands:self_signed_command",
    "write-sticks": "provisioning.sticks.command:write_sticks_command",
}


@click.group(cls=LazyGroup, places=_COMMANDS)
def main() -> None:
    """Prepare exams, rosters and boxes."""
