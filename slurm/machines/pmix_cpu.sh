# A CPU cluster with Slurm, and an MPI library that speaks PMIx (Open MPI 4 or later).
# `srun --mpi=list` on the login node must name pmix.
# shellcheck shell=bash disable=SC2034

mpi=pmix
# SITE: the modules the program was built with.
# module load gcc openmpi hdf5-parallel
# SITE: where LibTorch is, if not in the system.
# export LD_LIBRARY_PATH=$HOME/libtorch/lib:${LD_LIBRARY_PATH:-}
# SITE: where srun has no pmix, the MPI library's own launcher.
# launcher=(mpirun --bind-to core)
# SITE: the disk of a node, if not /tmp; the path must be the same in all jobs.
# node_disk=/local
