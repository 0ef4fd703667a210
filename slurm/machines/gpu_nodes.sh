# A cluster whose nodes have several GPUs, with Slurm and Open MPI; use it with slurm/gpu.sbatch.
# shellcheck shell=bash disable=SC2034

mpi=pmix
# SITE: the modules the program was built with; the CUDA version is that of LibTorch.
# module load gcc openmpi cuda hdf5-parallel
# SITE: where LibTorch is.
# export LD_LIBRARY_PATH=$HOME/libtorch/lib:${LD_LIBRARY_PATH:-}
# SITE: network of the MPI messages, if the default is a slow one.
# export UCX_NET_DEVICES=mlx5_0:1
