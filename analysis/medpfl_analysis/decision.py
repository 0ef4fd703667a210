"""What a page says first, and what a reader may do about it: what leaked and under which conditions, who is hit worst, what
would change it. Numbers and verdicts are those of the files; this module puts them into words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from .claims import USELESS, privacy_notes
from .run import Run
from .scores import PUBLIC_NEAREST, by_strength, chosen_images, summarize_run, without_attack
from .words import counted, generated, joined, number, small_share


class Extremes(NamedTuple):
    """The groups of images of which most and fewest are identified."""

    what: str
    """hospital, class or round"""
    most: str
    fewest: str


class Lever(NamedTuple):
    """What hospitals could change."""

    name: str
    here: str
    effect: str
    options: tuple[str, ...]
    """which try it"""


def interval_words(low: float, high: float, inferred: bool = True) -> str:
    """ "95 % interval 80 to 97 %"; "" where the file has none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    ends = f"{100 * low:.0f} to {100 * high:.0f}\u00a0%"
    return f"95\u00a0% interval {ends}" if inferred else f"from {ends} over the networks"


def strongest_attack(run: Run) -> pd.Series | None:
    """The row of summarize_run() whose attack identifies most; None where no attack has finished or the file judges no
    images."""
    summary = by_strength(summarize_run(run))
    return None if summary.empty or summary["identified"].isna().all() else summary.iloc[0]


def found_words(row: Mapping[str, Any], images: int, networks: int = 1) -> str:
    """ "12 of 20 private images (60 %; 95 % interval 40 to 78 %) are identified", of a row with `identified`, its limits and,
    where there are several networks, `inferred`."""
    found = round(row["identified"] * images)
    sure = "; ".join(filter(None, [number(row["identified"], "%"), interval_words(
        row["identified_low"], row["identified_high"], row.get("inferred", 1) != 0)]))
    of_networks = f" of {networks} networks" if networks > 1 else ""
    return f"{found} of {counted(images, 'private image')}{of_networks} ({sure}) {'is' if found == 1 else 'are'} identified"


def guess_words(row: pd.Series, without: pd.DataFrame) -> list[str]:
    """What would be identified without the messages, by a row of summarize_run() and without_attack(); nothing for files that
    do not say."""
    if math.isnan(row["by_chance"]):
        return []
    nearest = without[(without["method"] == PUBLIC_NEAREST) & (without["kind"] == row["kind"])]
    resembles = "" if nearest.empty else (
        f"; taking the public image most like each identifies {number(nearest['identified'].iloc[0], '%')}")
    return [f"A guess among {row['among']:.0f} candidates identifies {small_share(row['by_chance'])}{resembles}."]


def what_came_back(run: Run) -> list[str]:
    """How many images the strongest attack identifies, of how many, how sure that is, and what would be identified without
    the messages; nothing where strongest_attack() is None."""
    row = strongest_attack(run)
    if row is None:
        return []
    return [f"{found_words(row, int(row['n']))} by the strongest attack here, {row['method']} on {row['kind']}s of round {row['round']}.",
            *guess_words(row, without_attack(run))]


def over_all(told: Sequence[Sequence[str]], what: str) -> list[str]:
    """What is said of several points or cells (`what`), each sentence once: first those of all, then the others, with how many
    they are of."""
    count = Counter(sentence for sentences in told for sentence in dict.fromkeys(sentences))
    some = [f"{sentence.removesuffix('.')} ({n} of {counted(len(told), what)})." for sentence, n in count.items() if n < len(told)]
    return [sentence for sentence, n in count.items() if n == len(told)] + some


def images_words(config: Mapping[str, str]) -> list[str]:
    """Says where images are generated."""
    return (["The images are generated phantoms, so this says nothing about patients' images."]
            if generated(config) else [])


def network_words(config: Mapping[str, str], attacked: Sequence[pd.DataFrame], what: str = "networks") -> list[str]:
    """The state of the networks that were attacked, by the words of the file for each (columns round and network of
    Run.tasks, one frame a network), and first weights drawn wide. Files before schema 1.4 have no words. `what` is said where
    there are several frames."""
    states = pd.concat([frame[["round", "network"]].drop_duplicates() for frame in attacked]).dropna(subset="network")
    made = []
    for word, rows in states.groupby("network", sort=False):
        rounds = sorted(rows["round"].unique())
        when = f"round{'' if len(rounds) == 1 else 's'} {joined([str(r) for r in rounds])}"
        count = rows.groupby("round").size().min()
        if count == len(attacked):
            which = "The network" if count == 1 else f"All {count} {what}"
        else:
            which = f"{count} of {len(attacked)} {what}"
        made.append(f"{which} attacked in {when} {'was' if count == 1 else 'were'} {word}.")
    if (states["network"] == "untrained").any() and not config.get("model.weights") and (
            config.get("model.init") in ("uniform", "normal")):
        made.append(f"First weights were drawn from a {config['model.init']} distribution of scale "
                    f"{config.get('model.init_scale', 'unknown')}, as in papers of these attacks, which is wider than networks "
                    "are trained from.")
    return made


def accuracy_words(run: Run) -> list[str]:
    """The balanced accuracy at the end beside chance."""
    if len(run.rounds) == 0 or not math.isfinite(run.rounds["balanced_accuracy"].iloc[-1]):
        return ["The model was not evaluated at the end."] if len(run.rounds) else []
    last = run.rounds.iloc[-1]
    sure = interval_words(last["balanced_accuracy_low"], last["balanced_accuracy_high"])
    told = "; ".join(filter(None, [sure, f"chance is {number(run.chance, '%')}"]))
    made = [f"Balanced accuracy after {counted(len(run.rounds), 'round')} is {number(last['balanced_accuracy'], '%')} ({told})."]
    return made + ([f"The model is at chance: {USELESS}."] if last["network"] == "at chance" else [])


def server_sees(config: Mapping[str, str]) -> list[str]:
    """What reaches the server of a hospital, by the configuration."""
    batch, probe = config.get("federation.batch_size", "1"), config.get("attack.probe_batch", "1")
    size = "the whole shard" if batch == "0" else counted(int(batch), "image")
    if config.get("federation.secure_aggregation") == "true":
        made = ["Under secure aggregation the server sees the sum of all updates of a round, and no single one."]
    elif config.get("attack.sees") == "sum":
        made = ["The attacker is given the mean of all updates of a round, and no single one."]
    else:
        made = ["The server sees the messages of each hospital by themselves."]
    if config.get("federation.algorithm") == "fedsgd":
        made.append(f"An update is one gradient of a batch ({size}).")
    else:
        made.append(f"An update is what {counted(int(config.get('federation.local_epochs', '1')), 'epoch')} of local training "
                    f"changed, in batches of {size}.")
    if int(config.get("attack.probes", "0")):
        made.append(f"A probe, which no real hospital has to send, is the gradient of {counted(int(probe), 'image')}.")
    if float(config.get("federation.sampling", "1")) < 1:
        made.append(f"{number(float(config['federation.sampling']), '%')} of the hospitals take part in a round.")
    if float(config.get("federation.dropout", "0")) > 0:
        made.append(f"An update is lost on its way with a probability of {number(float(config['federation.dropout']), '%')}.")
    if config.get("attack.threat") == "malicious-server":
        made.append("The server is malicious: it changes the model that it sends.")
    return made


def budget_words(run: Run | None, config: Mapping[str, str]) -> list[str]:
    """The ε that is claimed, with its unit, δ and bound, or that none is."""
    if run is not None and run.privacy is not None:
        return privacy_notes(run)
    chain = config.get("defense.chain", "")
    if not chain:
        return ["None: hospitals do not defend themselves."]
    return [f"None is claimed: {chain.replace(',', ', ')} without clipping and accounted noise bounds nothing."]


def first_screen(run: Run) -> list[tuple[str, list[str]]]:
    """What a reader of a run must know before anything else: a term and sentences for each. Terms without sentences are left
    out."""
    not_tested = [f"{line[0].upper()}{line[1:]}." for line in run.not_tested]
    if len(run.tasks):
        not_tested.append("Other networks: this is one, and another seed gives another. Other attacks, and larger budgets.")
    terms = [
        ("What came back", what_came_back(run)),
        ("Network and images", network_words(run.config, [run.tasks]) + images_words(run.config)),
        ("Accuracy", accuracy_words(run)),
        ("What the server sees", server_sees(run.config)),
        ("Privacy budget", budget_words(run, run.config)),
        ("Not tested", not_tested),
    ]
    return [(term, sentences) for term, sentences in terms if sentences]


def extremes(runs: Sequence[Run]) -> list[Extremes]:
    """The hospital, class and round of which the strongest attack identifies most and fewest images, by share and then by
    number; only where there are two or more. Rounds are compared under the same attack on the same kind of message. The runs
    are of one attack under several networks, or one; the strongest attack is that of the first."""
    row = strongest_attack(runs[0]) if runs else None
    if row is None:
        return []
    images = pd.concat([chosen_images(run.images_with_tasks()) for run in runs])
    images = images[(images["method"] == row["method"]) & (images["kind"] == row["kind"])]
    here = images[images["round"] == row["round"]]
    names = dict(enumerate(runs[0].class_names))
    made = []
    for what, frame, column in (("hospital", here[here["client"] >= 0], "client"), ("class", here, "label"),
                                ("round", images, "round")):
        groups = frame.groupby(column)["identified"].agg(["sum", "count", "mean"])
        if len(groups) < 2:
            continue
        order = groups.sort_values(["mean", "sum"], ascending=False, kind="stable")
        if order["mean"].iloc[0] == order["mean"].iloc[-1]:
            made.append(Extremes(what, f"all alike ({number(order['mean'].iloc[0], '%')})", ""))
            continue
        told = [f"{names.get(key, key) if what == 'class' else key} ({found:.0f} of {count:.0f})"
                for key, found, count in order[["sum", "count"]].iloc[[0, -1]].itertuples(name=None)]
        made.append(Extremes(what, *told))
    return made


def levers(config: Mapping[str, str], tried: Collection[str] = (), noise: pd.DataFrame | None = None) -> list[Lever]:
    """What hospitals could change of a federation with this configuration, and the options that measure it; without what an
    option in `tried` measures. `noise`: that of Audit.noise, where it is known."""
    batch, probe = int(config.get("federation.batch_size", "1")), int(config.get("attack.probe_batch", "1"))
    chain = config.get("defense.chain", "")
    made = []
    if batch > 0:  # 0: all images of a hospital are behind each message
        made.append(Lever("Images of a local step", str(batch), "An attack has to tell more images apart in one message.",
                          (f"--federation.batch_size={4 * batch}",)))
    if int(config.get("attack.probes", "0")):
        made.append(Lever("Images of a probe", str(probe), "The same, for hospitals that send single batches.",
                          (f"--attack.probe_batch={4 * probe}",)))
    if config.get("federation.algorithm") != "fedsgd":
        epochs = int(config.get("federation.local_epochs", "1"))
        made.append(Lever("Passes over the shard before an update", str(epochs),
                          "An attack has to follow more steps that it did not see.",
                          (f"--federation.local_epochs={4 * epochs}", "--attack.targets=updates")))
    if config.get("federation.secure_aggregation") != "true":
        made.append(Lever("Secure aggregation", "off", "Hides single updates from the server, but not their sum.",
                          ("--federation.secure_aggregation=true", "--attack.sees=sum")))
    takes = "medpfl audit finds the noise for an ε."
    if noise is not None and len(noise):
        levels = [f"ε of {row.epsilon:g} takes noise of {row.sigma:.2g}" for row in noise.itertuples()]
        takes = f"In the rounds of this federation an {joined(levels)} times the clipping bound (dp-sgd)."
    made.append(Lever("Clipping and noise for an ε", chain.replace(",", ", ") or "none",
                      f"Bounds what any attack can find. {takes} An audit with it measures what accuracy is left.",
                      ("medpfl audit --epsilon=8",)))
    return [lever for lever in made if lever.options[0].partition("--")[2].partition("=")[0] not in tried]


def who_could(config: Mapping[str, str]) -> str:
    """Who has what such an attack needs."""
    if config.get("attack.threat") == "malicious-server":
        return ("The operator of the server, or whoever has taken it over, by sending a changed model. A hospital that compares "
                "the model with the one agreed on sees the change.")
    seen = ("the sums" if config.get("federation.secure_aggregation") == "true" or config.get("attack.sees") == "sum"
            else "the messages")
    return (f"Whoever sees {seen} and the model: the operator of the server, whoever has taken it over, and whoever reads its "
            "records later. The protocol is followed, so no hospital can notice. Other hospitals see the model alone.")
