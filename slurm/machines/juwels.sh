# JUWELS Cluster and Booster at JSC. Written from the JUWELS user documentation (apps.fz-juelich.de/jsc/hps/juwels:
# Batch system, Processor Affinity, Booster Overview, GPFS File Systems) and, for memory, JSC's news of January 2018, read in
# November 2026; not run there.
# Before sbatch:
#   export SBATCH_ACCOUNT=... SBATCH_HINT=nomultithread
# and give --ntasks-per-node=48 on the Cluster. On the Booster (4 NVIDIA A100 a node) use slurm/gpu.sbatch with
# --ntasks-per-node=4 --cpus-per-task=12.
# Nodes run ParaStation's psid in place of slurmd, so try the requeue of slurm/long_run.sbatch on a short run first.
# shellcheck shell=bash disable=SC2034

# SITE: what the MPI library speaks, by `srun --mpi=list`; empty is the default of the site. ParaStation's
# plugin for PMIx, which Open MPI speaks, is called pspmix.
mpi=''
# SITE: the partition (SBATCH_PARTITION), and on the Booster whether GPUs are asked for by --gpus-per-node or --gres.
# SITE: the modules the program was built with.
# module load ...
# SITE: where LibTorch is.
# export LD_LIBRARY_PATH=$HOME/libtorch/lib:${LD_LIBRARY_PATH:-}
# SITE: the disk of a node, if it has one.
# node_disk=/local
