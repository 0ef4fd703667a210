"""What the points of a sweep differ in: images and network, defense and its scale, attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .words import generated

# Where a run goes, how it is spread and what is recorded changes no result.
_OUTSIDE = ("run.", "output.", "checkpoint.")
_NO_SETTING = {
    "data.path", "data.dataset", "federation.state_memory", "federation.sum",
    "federation.dedicated_server", "attack.method", "attack.rounds", "attack.clients",
    "attack.probes", "attack.targets", "attack.ranks", "attack.when", "attack.snapshots", "attack.engine",
    "attack.threat",
}
# Options of the attack section that say what there is to attack.
_OBSERVED = {"attack.probe_batch"}
_THREAT = "attack.threat"
# Defenses that are no member of defense.chain.
_SECURE = "federation.secure_aggregation"
_PROTOCOL = ("attack.sees", "federation.secure")
_OFF = {"", "0", "none", "false", "messages"}
NONE = "none"
HONEST = "honest-but-curious"


@dataclass(frozen=True)
class Setting:
    """One point, as the pages name it."""

    panel: str
    """images, a malicious server, and what else of network and federation varies over the sweep
    for these images; what is off is left out"""
    chain: str
    """names of the defenses, or "none" without any"""
    family: str
    """the chain and those of its options that vary, but for the scale"""
    defense: str
    """the family and the scale"""
    scale_option: str
    """ "defense.laplace.scale"; "" where the chain has no numeric option that the sweep sets"""
    scale: float
    """NaN without scale_option"""
    relative: str
    """what the scale is relative to: absolute, norm, p95; "" where the defense has no such"""


@dataclass(frozen=True)
class Attack:
    """How one method was run at a point."""

    label: str
    """"dlg", "inverting-gradients tv=0.01" """
    options: str
    """options that differ from the plain attack's: "tv=0.01"; "" for a plain attack"""
    adapted: bool
    """whether its options are not the plain attack's, or no undefended point has the method"""


def methods(config: dict[str, str]) -> list[str]:
    """The attacks of a point."""
    return [name.strip() for name in config.get("attack.method", "").split(",") if name.strip()]


def _is_scenario(option: str) -> bool:
    section = option.split(".")[0]
    return (section in ("data", "model", "federation") and not option.startswith(_PROTOCOL)
            ) or option in _OBSERVED


class Settings:
    """Names what points differ in.

    An option counts as varying where its resolved value does: points of one block may lack the
    options of another. The plain attack of a panel has the options of its first undefended point,
    or of its first point where none is undefended.
    """

    def __init__(
        self, data: Sequence[str], configs: Sequence[dict[str, str]],
        set_options: Sequence[set[str]],
    ) -> None:
        """data [points]: names of the images; set_options [points]: options not at default."""
        self.image_sets = list(dict.fromkeys(
            name for name, config in zip(data, configs, strict=True) if not generated(config)))
        """names of the images that are not generated"""
        self.configs = configs
        """the value of each option, one dictionary a point"""
        self._set = set_options
        every = {option: None for config in configs for option in config}
        self._varying = [o for o in every if not o.startswith(_OUTSIDE) and o not in _NO_SETTING
                         and self._varies(o, range(len(configs)))]
        self._chains = [self._chain(config) for config in configs]
        self._scales = {chain: self._scale_option(chain) for chain in set(self._chains)}
        self.settings = [self._setting(i, data) for i in range(len(configs))]
        self._plain: dict[str, int] = {}
        for undefended in (True, False):
            for i, setting in enumerate(self.settings):
                if (setting.chain == NONE) == undefended:
                    self._plain.setdefault(setting.panel, i)

    def _varies(self, option: str, points: Sequence[int]) -> bool:
        return len({self.configs[i].get(option, "") for i in points}) > 1

    def _chain(self, config: dict[str, str]) -> str:
        names = [name.strip() for name in config.get("defense.chain", "").split(",")]
        on = [option for option in self._varying
              if option.startswith(_PROTOCOL) and config.get(option, "") not in _OFF]
        if _SECURE in on:  # which shows the server sums alone
            on = [option for option in on if option != "attack.sees"]
        outside = [_short(option).replace("_", "-") if option == _SECURE
                   else f"{_short(option)}={config[option]}" for option in on]
        return " + ".join([name for name in names if name] + outside) or NONE

    def _points(self, chain: str) -> list[int]:
        return [i for i, other in enumerate(self._chains) if other == chain]

    def _own(self, chain: str) -> list[str]:
        """Options of the chain's members that a point of it sets, in the order of the members."""
        points = self._points(chain)
        found = []
        for name in chain.split(" + "):
            found += [option for option in self.configs[points[0]]
                      if option.startswith(f"defense.{name}.")
                      and (self._varies(option, points)
                           or any(option in self._set[i] for i in points))]
        return found

    def _scale_option(self, chain: str) -> str:
        """The numeric option with most values over the points of the chain."""
        most, best = 0, ""
        for option in self._own(chain):
            values = {self.configs[i].get(option, "") for i in self._points(chain)}
            if all(_is_number(value) for value in values) and len(values) > most:
                most, best = len(values), option
        return best

    def _setting(self, point: int, data: Sequence[str]) -> Setting:
        config, chain = self.configs[point], self._chains[point]
        alike = [i for i, name in enumerate(data) if name == data[point]]
        threat = config.get(_THREAT, HONEST)
        scenario = [] if threat == HONEST else [threat]
        scenario += [f"{_short(option)}={config.get(option, '')}" for option in self._varying
                     if _is_scenario(option) and self._varies(option, alike)
                     and config.get(option, "") not in _OFF]
        scale = self._scales[chain]
        varied = [f"{_short(option)}={config[option]}" for option in self._own(chain)
                  if option != scale and self._varies(option, self._points(chain))]
        family = " ".join([chain, *varied])
        relative = config.get(f"{scale.rsplit('.', 1)[0]}.relative", "") if scale else ""
        value = config[scale] if scale else ""
        return Setting(
            panel=", ".join([data[point], *scenario]),
            chain=chain, family=family,
            defense=f"{family} {_short(scale)}={value}" if scale else family,
            scale_option=scale, scale=float(value) if scale else np.nan, relative=relative)

    def constants(self) -> dict[str, str]:
        """Returns for each chain the options that the sweep sets and does not vary, such as
        "bound=1, sampling=poisson".

        Chains without any are left out.
        """
        found = {}
        for chain in dict.fromkeys(self._chains):
            points = self._points(chain)
            held = [f"{_short(o)}={self.configs[points[0]][o]}" for o in self._own(chain)
                    if o != self._scales[chain] and not self._varies(o, points)]
            if held:
                found[chain] = ", ".join(held)
        return found

    def attack(self, point: int, method: str) -> Attack:
        """How the point ran this method."""
        config, panel = self.configs[point], self.settings[point].panel
        plain = self.configs[self._plain[panel]]
        changed = []
        for option in self._varying:
            parts = option.split(".")
            if (is_attackers(option) and (len(parts) == 2 or parts[1] == method)
                    and config.get(option, "") != plain.get(option, "")):
                changed.append(f"{parts[-1]}={config.get(option, '')}")
        undefended = [i for i, other in enumerate(self.settings)
                      if other.panel == panel and other.chain == NONE]
        known = {name for i in undefended for name in methods(self.configs[i])}
        options = " ".join(changed)
        return Attack(label=f"{method} {options}".strip(), options=options,
                      adapted=bool(changed) or (bool(undefended) and method not in known))


def is_attackers(option: str) -> bool:
    """Whether the attacker chooses it, and not the hospitals or the server."""
    return option.startswith("attack.") and option not in _OBSERVED and not option.startswith(_PROTOCOL)


def is_on(option: str, config: Mapping[str, str]) -> bool:
    """Whether an option says anything under a configuration: those of a component (section.component.option) do where an
    option of the section names the component."""
    section, component, *own = option.split(".")
    return not own or any(component in (name.strip() for name in value.split(",")) for other, value in config.items()
                          if other.startswith(f"{section}.") and other.count(".") == 1)


def _short(option: str) -> str:
    """Returns the last word of an option; the chain beside it names the section."""
    return option.rsplit(".", 1)[-1]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
