# LUMI-C, and the CPUs of LUMI-G, at CSC. Written from the LUMI user guide (docs.lumi-supercomputer.eu, its
# text of October 2024), read in November 2026; not run there.
# Before sbatch, on LUMI-C:
#   export SBATCH_ACCOUNT=project_... SBATCH_PARTITION=standard SBATCH_MEM_PER_NODE=0
# and give --ntasks-per-node=128. `standard` hands out whole nodes for up to 2 days.
# On LUMI-G it is SBATCH_PARTITION=standard-g and --ntasks-per-node=56: 8 of the 64 cores are reserved, and a
# job that asks for more never starts. MedPFL leaves the AMD GPUs idle (docs/hpc.md, "AMD GPUs").
# shellcheck shell=bash disable=SC2034

mpi=''         # the guide starts MPI programs by srun alone
node_disk=/tmp # no node has a disk: /tmp is memory of the job
# SITE: the modules the program was built with (cmake -DCMAKE_CXX_COMPILER=CC).
# module load PrgEnv-gnu cray-hdf5-parallel
# SITE: where LibTorch is.
# export LD_LIBRARY_PATH=$HOME/libtorch/lib:${LD_LIBRARY_PATH:-}
