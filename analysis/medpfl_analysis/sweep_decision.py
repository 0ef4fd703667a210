"""What a sweep's page says first, and what each value of its grid leaks and costs; beside decision.py, which does so for
runs. Of a setting the strongest attack tried counts, because which one is used is the attacker's choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .claims import USELESS, sweep_notes
from .decision import found_words, guess_words, images_words, interval_words, network_words, over_all, server_sees, who_could
from .defense_tables import no_attack
from .frontier import undefended
from .intervals import signed_interval
from .report import interval
from .scores import METRICS
from .settings import NONE, is_attackers, is_on
from .sweep import LEAK, Sweep
from .tables import DASH, Table, table
from .verdicts import NOT_TESTED
from .words import at_most, counted, joined, number

_SETTING = ["panel", "defense"]
_IDENTIFIED = next(metric for metric in METRICS if metric.key == "identified")


def strongest_rows(sweep: Sweep) -> pd.DataFrame:
    """The row of Sweep.over_networks of each setting's strongest attack, the setting that leaks most first: by the lower limit
    of the share, then the share, then the median SSIM. Empty where nothing was attacked."""
    rows = sweep.over_networks
    order = rows[rows["method"] != ""].sort_values(["identified_low", LEAK, "ssim"], ascending=False, kind="stable", na_position="last")
    return order.drop_duplicates(_SETTING)


def weakest(rows: pd.DataFrame) -> pd.Series:
    """The row of the setting that leaks least: by the upper limit of the share, then the share."""
    return rows.sort_values(["identified_high", LEAK, "ssim"], kind="stable", na_position="first").iloc[0]


def setting_name(row: pd.Series, several: bool) -> str:
    """ "gaussian scale=0.1", with the set of images where there are several."""
    defense = "no defense" if row["defense"] == NONE else row["defense"]
    return f"{defense} on {row['panel']}" if several else defense


def _several(rows: pd.DataFrame) -> bool:
    return rows["panel"].nunique() > 1


def _attack(row: pd.Series) -> str:
    return f"{row['method']}{', adapted,' if row['adapted'] else ''}"


def _by(row: pd.Series, sweep: Sweep) -> str:
    """What was found at the setting of a row, by which attack."""
    where = f"by {_attack(row)} on {row['kind']}s of round {row['round']}"
    if sweep.measure.key != "identified":
        return f"{number(row[LEAK], '%')} of {counted(int(row['n']), 'image')} {sweep.measure.title.lower()} {where}."
    return f"{found_words(row, int(row['n']), int(row['networks']))} {where}."


def _came_back(sweep: Sweep, rows: pd.DataFrame) -> list[str]:
    if rows.empty:
        return []
    most, several = rows.iloc[0], _several(rows)
    made = [f"Most leaks with {setting_name(most, several)}: {_by(most, sweep)}"]
    if len(rows) > 1:
        least = weakest(rows)
        made.append(f"Least leaks with {setting_name(least, several)}: {_by(least, sweep)}")
        made.append(f"These are the strongest attacks of each of {len(rows)} settings; another may find more.")
    return made + guess_words(most, no_attack(sweep, sweep.table[sweep.table["point"] == most["point"]]))


def _accuracy_text(row: pd.Series) -> str:
    """ "62 % (55 – 68)" """
    low, high = row["balanced_accuracy_low"], row["balanced_accuracy_high"]
    return number(row["balanced_accuracy"], "%") + ("" if np.isnan(low) else f" ({100 * low:.0f} – {100 * high:.0f})")


def _accuracy(sweep: Sweep) -> list[str]:
    rows = sweep.over_networks.drop_duplicates(_SETTING)
    made = []
    for panel, mine in rows.groupby("panel", sort=False):
        mine, chance = mine[mine["balanced_accuracy"].notna()], f"chance is {number(mine['chance'].iloc[0], '%')}"
        if mine.empty:
            made.append("The models were not evaluated at the end.")
            continue
        told = f"{panel}: balanced accuracy" if _several(rows) else "Balanced accuracy"
        bare, defended = mine[mine["chain"] == NONE], mine[mine["chain"] != NONE].sort_values("balanced_accuracy")
        parts = []
        if len(bare):
            one = bare.iloc[0]
            sure = interval_words(one["balanced_accuracy_low"], one["balanced_accuracy_high"])
            parts.append(f"{number(one['balanced_accuracy'], '%')} without a defense" + (f" ({sure})" if sure else ""))
        if len(defended):
            low, high = defended.iloc[0], defended.iloc[-1]
            ends = f"{number(low['balanced_accuracy'], '%')} ({low['defense']})"
            parts.append(f"{ends} with the defense" if len(defended) == 1 else (
                f"from {ends} to {number(high['balanced_accuracy'], '%')} ({high['defense']}) with the defenses"))
        made.append(f"{told} is {joined(parts)}; {chance}.")
        if len(bare) and "at chance" in bare["network"].iloc[0]:
            made.append(f"The undefended model is at chance: what a defense costs cannot be seen, and {USELESS}.")
    return list(dict.fromkeys(made))


def _budget(sweep: Sweep) -> list[str]:
    rows = sweep.over_networks.drop_duplicates(_SETTING)
    defended, claimed = rows[rows["chain"] != NONE], rows[rows["epsilon"].notna()].sort_values("epsilon")
    if defended.empty:
        return ["None: hospitals do not defend themselves."]
    if claimed.empty:
        return ["None is claimed at any point: without clipping and accounted noise nothing is bounded."]
    ends = list(dict.fromkeys(f"ε {number(row['epsilon'])} ({row['defense']})" for _, row in claimed.iloc[[0, -1]].iterrows()))
    made = [f"{' to '.join(ends)}; {len(defended) - len(claimed)} of {len(defended)} defended settings claim none."]
    if claimed["bound"].notna().any():
        made.append(f"By the smallest of these ε no attack is expected to identify more than {at_most(claimed['bound'].iloc[0])} "
                    "of the attacked images.")
    return made + sweep_notes(claimed)[:1]


def _not_tested(sweep: Sweep) -> list[str]:
    rows = sweep.over_networks
    left, alone = len(sweep.left_out), rows[rows["method"] == ""]
    words = rows.groupby(_SETTING)["verdict"]
    untested = rows[(words.transform("nunique") == 1) & (rows["verdict"] == NOT_TESTED)].drop_duplicates(_SETTING)
    made = [f"{counted(left, 'point')} {'is' if left == 1 else 'are'} not complete, and in no figure."] if left else []
    made += [f"{setting_name(row, _several(rows))}: no attack was run." for _, row in alone.iterrows()]
    made += [f"{', '.join(setting_name(row, _several(rows)) for _, row in mine.iterrows())}: {reason}."
             for reason, mine in untested.groupby("verdict_reason", sort=False)]
    if rows["networks"].max() < 2:
        made.append("Other networks: each setting has one, and another seed gives another.")
    return [*made, "Attacks that are not known today, and larger budgets."]


def sweep_first_screen(sweep: Sweep) -> list[tuple[str, list[str]]]:
    """As decision.first_screen(), of all complete points. Raises RunFormatError if there is none."""
    rows = sweep.table[sweep.table["attacked"] != ""]
    frames = [part.assign(network=part["attacked"].str.split(" | ", regex=False)).explode("network")[["round", "network"]]
              for _, part in rows.groupby("point")]
    configs = sweep.settings.configs
    state = network_words(configs[0], frames, "networks" if len(frames) < 2 else "networks, one a point,") if frames else []
    terms = [
        ("What came back", _came_back(sweep, strongest_rows(sweep))),
        ("Network and images", state + over_all([images_words(config) for config in configs], "point")),
        ("Accuracy", _accuracy(sweep)),
        ("What the server sees", over_all([server_sees(config) for config in configs], "point")),
        ("Privacy budget", _budget(sweep)),
        ("Not tested", _not_tested(sweep)),
    ]
    return [(term, sentences) for term, sentences in terms if sentences]


def sweep_who_could(sweep: Sweep) -> str:
    """As decision.who_could(), of all complete points."""
    return " ".join(over_all([[who_could(config)] for config in sweep.settings.configs], "point"))


def cost(sweep: Sweep, row: pd.Series) -> str:
    """What the defense of a row costs in balanced accuracy, against the same networks without one: "12 points (3 to 21)", the
    interval over networks where there are several of both; a dash where there is no defense, or nothing to compare."""
    points = sweep.table[sweep.table["panel"] == row["panel"]].drop_duplicates("point")
    here, bare = points[points["defense"] == row["defense"]], points[points["chain"] == NONE]
    if row["chain"] == NONE or bare.empty:
        return DASH
    seeds = points.get("run.seed", pd.Series("", points.index))
    bare_of, here_of = (frame["balanced_accuracy"].groupby(seeds).mean() for frame in (bare, here))
    lost = (bare_of - here_of).dropna()
    if lost.empty:
        lost = pd.Series([undefended(points, row["panel"]) - here["balanced_accuracy"].mean()]).dropna()
    return DASH if lost.empty else signed_interval(lost.to_numpy())


def _cells(sweep: Sweep, row: pd.Series, named: bool, several: bool) -> list[str]:
    spread = interval(row, _IDENTIFIED)
    share = f"{number(row[LEAK], '%')}{f' ({spread})' if spread else ''} by {_attack(row)}"
    lost = cost(sweep, row)
    return [f"{share} with {setting_name(row, several)}" if named else share.removesuffix(","),
            _accuracy_text(row) + (f"; cost {lost}" if lost != DASH else "")]


def tried_options(sweep: Sweep) -> list[str]:
    """The options of the grid that are not the attacker's to choose."""
    return [option for option in sweep.options if not is_attackers(option) and not option.startswith("run.")]


def measured(sweep: Sweep) -> list[Table]:
    """A table for each of tried_options() with two values or more: what leaks at each value where most leaks and where least
    does, of the settings that have it, by the strongest attack; and the balanced accuracy there."""
    rows, configs = strongest_rows(sweep), dict(zip(sweep.complete, sweep.settings.configs, strict=True))
    points = sweep.table.groupby(_SETTING)["point"].first()
    made, several = [], _several(rows)
    for option in tried_options(sweep):
        values: dict[str, list[int]] = {}
        for index, row in rows.iterrows():
            config = configs[points[tuple(row[_SETTING])]]
            if is_on(option, config):
                values.setdefault(config.get(option, ""), []).append(index)
        if len(values) > 1:
            lines = [_line(sweep, value, rows.loc[mine], several) for value, mine in values.items()]
            head = ["Value", "Identified" if sweep.measure.key == "identified" else sweep.measure.title, "Accuracy", "Least",
                    "Accuracy there"]
            made.append(table(head, _in_order(lines), title=f"`{option}`"))
    return made


def _line(sweep: Sweep, value: str, rows: pd.DataFrame, several: bool) -> list[str]:
    most, least = rows.iloc[0], weakest(rows)
    below = [DASH] * 2 if most.name == least.name else _cells(sweep, least, True, several)
    return [value or "none", *_cells(sweep, most, len(rows) > 1, several), *below]


def _in_order(lines: Sequence[list[str]]) -> list[list[str]]:
    """By value where all are numbers, else as they are: what leaks most first."""
    try:
        return sorted(lines, key=lambda line: float(line[0]))
    except ValueError:
        return list(lines)
