"""A SLURM of six nodes on this machine, from Debian's packages: no systemd, no cgroup, all under one folder.

It runs as root, as in a container. There are two partitions of three nodes, `quiet` and `trouble`. Every node claims
two CPUs, 16 GB and a GPU that does not exist. Limits of memory and time are enforced as on a real cluster. Two nodes of
`quiet` have wrong clocks, as far as Python can tell. Nothing outside the folder is touched; only what was started here
is ended.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from project_paths import ROOT

NODES = ("node1", "node2", "node3", "node4", "node5", "node6")
PACKAGES = ROOT / ".cluster/slurm"  # the plugin, where `make test-cluster` puts it
TIMELY = ["--slurm-init-seconds-before-status-checks=2", "--seconds-between-status-checks=3", "--latency-wait=10"]

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
# jobs go to the node that is least busy
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory,CR_LLN
# a node of this machine may claim more than the machine has
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/%n
# memory is looked at every two seconds; what is over its limit is killed
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
# a node that is silent for ten seconds is down, and comes back by itself
SlurmdTimeout=10
ReturnToService=2
# from SIGTERM to SIGKILL
KillWait=10
MinJobAge=3600
SchedulerParameters=sched_interval=2,batch_sched_delay=1
NodeName=DEFAULT CPUs=2 RealMemory=16000 Gres=gpu:1
{nodes}
PartitionName=quiet Nodes=node[1-3] Default=YES MaxTime=INFINITE State=UP
PartitionName=trouble Nodes=node[4-6] MaxTime=INFINITE State=UP
"""

# Python reads it at each start. As on a file system that takes times from whoever writes, files are dated by the clock.
CLOCKS = """\
import os, time
ahead = {"node2": 3600, "node3": -20}.get(os.environ.get("SLURMD_NODENAME"), 0)
if ahead:
    now, utime = time.time, os.utime
    time.time = lambda: now() + ahead
    os.utime = lambda path, times=None, **more: utime(path, times or (time.time(), time.time()), **more)
"""


def what_is_missing() -> str:
    """Why there can be no SLURM here, or nothing."""
    if os.geteuid() != 0:
        return "SLURM's daemons are started as root"
    if missing := [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if not shutil.which(name, path=_PATH)]:
        return f"no {', '.join(missing)}: apt-get install slurm-wlm munge"
    if not (PACKAGES / "snakemake_executor_plugin_slurm").is_dir():
        return f"no executor plugin in {PACKAGES}: make test-cluster installs it"
    return ""


class Cluster:
    """The running cluster: commands on it, its jobs, its nodes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        own = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder}/bin:{_PATH}"}
        own["PYTHONPATH"] = f"{folder}/clocks:{PACKAGES}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "PYTHONHASHSEED"))}
        self.environment = kept | own

    def start(self, name: str, *command: str) -> None:
        """Start a daemon in the foreground, in a session of its own, so that Ctrl-C at the tests does not reach it."""
        with open(self.folder / f"log/{name}.out", "ab") as out:
            self.daemons[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment, start_new_session=True
            )

    def start_node(self, name: str) -> None:
        self.start(name, "slurmd", "-D", "-N", name)

    def run(self, *command: str) -> str:
        """What a command of SLURM's prints."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def idle(self) -> int:
        """How many nodes wait for work."""
        return self.run("sinfo", "--noheader", "--Node", "--states=idle").count("\n")

    def jobs(self) -> list[dict[str, str]]:
        """Every job since the start, by id: JobId, JobState, NodeList, TRES, JOB_GRES, Comment and much else."""
        lines = self.run("scontrol", "--oneliner", "--detail", "show", "jobs").splitlines()
        found = [dict(pair.split("=", 1) for pair in line.split(" ") if "=" in pair) for line in lines]
        return sorted((job for job in found if "JobId" in job), key=lambda job: int(job["JobId"]))

    def processes(self, **wanted: str) -> dict[int, str]:
        """Process id and command of all that jobs run here, or those whose environment says so (SLURM_JOB_ID="3")."""
        wanted |= {"SLURM_CONF": self.environment["SLURM_CONF"]}
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                own = (folder / "environ").read_text(errors="replace").split("\0")
                if any(pair.startswith("SLURM_JOB_ID=") for pair in own) and {
                    f"{k}={v}" for k, v in wanted.items()
                } <= {*own}:
                    found |= _with_step_daemons(int(folder.name))
        return found

    def kill_node(self, name: str) -> None:
        """As a power cut does: its daemon, the daemons of its job steps and all that runs in them, without a signal."""
        self.daemons.pop(name).kill()
        for process in self.processes(SLURMD_NODENAME=name):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def stop(self) -> None:
        """End all jobs, then all daemons, last started first, each by its process id."""
        if (control := self.daemons.get("slurmctld")) and control.poll() is None:
            with suppress(subprocess.CalledProcessError, FileNotFoundError):
                self.run("scancel", "--user=root")
                wait_for(lambda: not self.run("squeue", "--noheader"), 30, or_not=True)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in self.daemons.values():
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(20)
            daemon.kill()
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster that lives in ``folder`` for the length of the block."""
    for name in ("munge", "state", "log", "bin", "clocks", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    for path in (folder, folder / "munge"):
        path.chmod(0o755)  # munge wants its socket to be open to all, and its folder writable by root alone
    key = folder / "munge/key"
    key.touch(0o400)
    key.write_bytes(os.urandom(1024))
    ports = _free_ports(1 + len(NODES))
    host = socket.gethostname().split(".")[0]
    here = f"NodeHostname={host} NodeAddr=127.0.0.1"
    nodes = "\n".join(f"NodeName={name} {here} Port={port}" for name, port in zip(NODES, ports[1:], strict=True))
    (folder / "slurm.conf").write_text(CONFIG.format(folder=folder, host=host, ports=ports, nodes=nodes))
    (folder / "gres.conf").write_text(f"NodeName={','.join(NODES)} Name=gpu File=/dev/null\n")  # any device will do
    (folder / "clocks/sitecustomize.py").write_text(CLOCKS)
    # The plugin takes SLURM_CONF from the environment of a job's steps; where it is not in /etc, srun has to be told.
    srun = folder / "bin/srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun", path=_PATH)} "$@"\n')
    srun.chmod(0o755)
    cluster = Cluster(folder)
    try:
        munge = {"socket": "munge/socket", "key-file": "munge/key", "log-file": "log/munged"}
        munge |= {"pid-file": "munge/pid", "seed-file": "munge/seed"}
        cluster.start("munged", "munged", "--foreground", *(f"--{key}={folder}/{name}" for key, name in munge.items()))
        wait_for(lambda: (folder / "munge/socket").exists(), 20)
        cluster.start("slurmctld", "slurmctld", "-D")
        for node in NODES:
            cluster.start_node(node)
        wait_for(lambda: cluster.idle() == len(NODES), 60)
        yield cluster
    finally:
        cluster.stop()


def wait_for(happened, seconds: float, or_not: bool = False) -> None:
    """Look every quarter of a second until ``happened()``; too late is an error."""
    until = time.monotonic() + seconds
    while True:
        with suppress(subprocess.CalledProcessError):
            if happened():
                return
        if time.monotonic() > until:
            break
        time.sleep(0.25)
    assert or_not, f"not within {seconds} s"


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _with_step_daemons(process: int) -> dict[int, str]:
    """A process and the daemon of its job step, which no environment gives away."""
    found = {}
    while process > 1:
        status = Path(f"/proc/{process}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        command = Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ").strip()
        if not found or command.startswith("slurmstepd"):
            found[process] = command
        process = int(lines["PPid"])
    return found
