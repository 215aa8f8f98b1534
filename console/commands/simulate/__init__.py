"""``photonwatch simulate``: the simulated fleet, its faults on request, and what can be made of it without a broker."""

from console.commands.simulate.group import build

__all__ = ["build"]
