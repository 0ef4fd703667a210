"""A Slurm for the tests, of one node or several: own ports, own folder, no munge, no accounting.

It needs Debian's slurmctld, slurmd and slurm-client, works as any user and in a container, and
leaves a Slurm that the machine already has alone.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CPUS = 8  # declared, whatever the machine has
GPUS = 2

# Seconds that what takes a few may take on a crowded machine.
WAIT = 300

# Without cred_expire a requeued job waits two minutes before it starts again.
CONFIGURATION = """\
ClusterName=medpfl-test
SlurmctldHost={first.host}({first.address})
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu
JobRequeue=1
KillWait=5
MinJobAge=3600
ReturnToService=2
MailProg=/bin/true
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE
"""
NODE = "NodeName={node.name} NodeHostname={node.host} NodeAddr={node.address} CPUs={cpus} RealMemory=1000 Gres=gpu:{gpus}"
# A GPU is a device file; these are on every machine.
GPU_CONFIGURATION = "Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n"
# The plugin of cgroup v1 does not look for cgroups that nothing here uses; containers lack them.
CGROUP_CONFIGURATION = "CgroupPlugin=cgroup/v1\n"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def tail(file: Path, lines: int = 40) -> str:
    """The end of a log."""
    text = file.read_text(errors="replace") if file.exists() else "(no such file)"
    return f"--- {file.name}\n" + "\n".join(text.splitlines()[-lines:])


@dataclass(frozen=True)
class Job:
    """What scontrol shows of a job."""

    id: str
    state: str
    code: int
    signal: int
    restarts: int

    @property
    def over(self) -> bool:
        """Neither queued, running, nor in between."""
        return self.state not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED")


@dataclass(frozen=True)
class Node:
    """A node and the host that plays it; `login` is the command by which a shell command runs there, if not here."""

    name: str
    host: str
    address: str
    login: tuple[str, ...] = ()


class PrivateSlurm:
    """The daemons and the folder they live in, which all nodes see; the first node has the controller."""

    def __init__(self, environment: Mapping[str, str], nodes: tuple[Node, ...] = (), folder: Path | None = None) -> None:
        self.nodes = nodes or (Node("node", socket.gethostname().partition(".")[0], "127.0.0.1"),)
        # Short, since sockets lie below it.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir=folder))
        for name in ("state", *(f"spool-{node.name}" for node in self.nodes)):
            (self.folder / name).mkdir()
        controller_port, node_port = free_ports(2)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            first=self.nodes[0], user=getpass.getuser(), folder=self.folder, controller_port=controller_port,
            node_port=node_port, nodes="\n".join(NODE.format(node=node, cpus=CPUS, gpus=GPUS) for node in self.nodes)))
        (self.folder / "gres.conf").write_text(GPU_CONFIGURATION)
        (self.folder / "cgroup.conf").write_text(CGROUP_CONFIGURATION)
        # Not the variables of a job that these tests may run in.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("SLURM_", "SBATCH_", "SRUN_", "PMI"))}
        self.environment |= {**environment, "SLURM_CONF": str(self.folder / "slurm.conf"),
                             "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        self.daemons: list[subprocess.Popen] = []

    def start(self) -> None:
        """Starts the daemons; returns when all nodes take jobs."""
        self.start_daemon("slurmctld", ["slurmctld", "-D"])
        for node in self.nodes:
            self.start_daemon(f"slurmd-{node.name}", ["slurmd", "-D", "-N", node.name], node.login)
        self.wait_until("nodes that are idle", lambda: self.ask(
            "sinfo", "--noheader", "--Node", "--format=%t", check=False).split() == ["idle"] * len(self.nodes), 60)

    def start_daemon(self, name: str, words: list[str], login: tuple[str, ...] = ()) -> None:
        """Starts a daemon, here or by `login`; it ends with this process, however that ends."""
        program = shutil.which(words[0], path=self.environment["PATH"])
        assert program, f"{words[0]} is missing: tests/run.sh installs it"
        command = [program, *words[1:]]
        if login:
            command = [*login, f"SLURM_CONF={self.environment['SLURM_CONF']} exec {' '.join(command)}"]
        with (self.folder / f"{name}.out").open("w") as out:
            self.daemons.append(subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT))

    def stop(self) -> None:
        """Ends jobs and daemons and removes the folder."""
        try:
            if all(daemon.poll() is None for daemon in self.daemons):
                self.ask("scancel", "--user", getpass.getuser(), check=False)
                self.wait_until("empty queue",
                                lambda: not self.ask("squeue", "--noheader", check=False), 30)
        finally:
            for daemon in reversed(self.daemons):
                daemon.send_signal(signal.SIGTERM)
                try:
                    daemon.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self) -> str:
        """What the daemons said last."""
        names = ("slurmctld", *(f"slurmd-{node.name}" for node in self.nodes))
        return "\n".join(tail(self.folder / f"{name}.{kind}") for name in names for kind in ("out", "log"))

    def wait_until(self, what: str, condition, seconds: float) -> None:
        """Polls `condition`; what Slurm has to say when it does not come true."""
        end = time.monotonic() + seconds
        while not condition():
            for daemon in self.daemons:
                assert daemon.poll() is None, f"{daemon.args[3]} has ended\n{self.logs()}"
            assert time.monotonic() < end, f"no {what} in {seconds} s\n{self.logs()}"
            time.sleep(0.2)

    def run(self, *words: object, cwd: Path | None = None, seconds: float = 60,
            **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the environment of this Slurm."""
        return subprocess.run(
            [str(word) for word in words], cwd=cwd, env=self.environment | environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)

    def ask(self, *words: object, check: bool = True) -> str:
        """The output of one of Slurm's commands."""
        done = self.run(*words)
        assert done.returncode == 0 or not check, f"{words}: {done.stderr}\n{self.logs()}"
        return done.stdout.strip()

    def jobs(self, job: str) -> list[Job]:
        """A job, or all tasks of a job array by their number."""
        found = {}
        for line in self.ask("scontrol", "show", "job", "--oneliner", job).splitlines():
            fields = dict(re.findall(r"(\w+)=(\S*)", line))
            code, number = (int(part) for part in fields["ExitCode"].split(":"))
            found[fields.get("ArrayTaskId", "0")] = Job(
                fields["JobId"], fields["JobState"], code, number, int(fields["Restarts"]))
        return [found[task] for task in sorted(found)]

    def wait(self, job: str, log: Path, seconds: float = WAIT) -> Job:
        """The job when it is over."""
        try:
            self.wait_until("end of the job", lambda: all(j.over for j in self.jobs(job)), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{tail(log, 200)}") from None
        return self.jobs(job)[0]
