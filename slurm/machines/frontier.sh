# The CPUs of Frontier at OLCF. Written from the OLCF user documentation (docs.olcf.ornl.gov, its text of
# July 2026: Frontier User Guide, Data Storage and Transfers), read in November 2026; not run there.
# MedPFL leaves the AMD GPUs idle (docs/hpc.md, "AMD GPUs").
# Before sbatch:
#   export SBATCH_ACCOUNT=ABC123 SBATCH_PARTITION=batch SBATCH_TIMELIMIT=02:00:00
# and give --ntasks-per-node=56: of the 64 cores the first of each 8 is reserved. A job of up to 91 nodes has 2
# hours in `batch`; `extended` has 24 hours for up to 64 nodes, one running job a user.
# Where MEDPFL_STAGE is used, also SBATCH_CONSTRAINT=nvme, without which the nodes have no disk.
# shellcheck shell=bash disable=SC2034

mpi=''           # the guide starts MPI programs by srun alone
cpu_bind=threads # what the guide recommends; a core has one thread unless the job asks for two
node_disk=/mnt/bb/$(id -un)
# SITE: the modules the program was built with (cmake -DCMAKE_CXX_COMPILER=CC).
# module load PrgEnv-gnu cray-hdf5-parallel
# SITE: where LibTorch is.
# export LD_LIBRARY_PATH=$HOME/libtorch/lib:${LD_LIBRARY_PATH:-}
# SITE: whether a job may requeue itself is not documented; if not, submit the same line again.
