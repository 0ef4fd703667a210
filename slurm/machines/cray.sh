# A Cray-like system: Cray MPICH, started by Slurm through cray_shasta (PALS).
# `srun --mpi=list` on the login node must name cray_shasta.
# shellcheck shell=bash disable=SC2034

mpi=cray_shasta
# SITE: the modules the program was built with (cmake -DCMAKE_CXX_COMPILER=CC).
# module load PrgEnv-gnu cray-mpich cray-hdf5-parallel
# SITE: a file system without locks makes HDF5 fail on opening files.
# export HDF5_USE_FILE_LOCKING=FALSE
# SITE: where PALS, not srun, starts the ranks.
# launcher=(mpiexec --np "$SLURM_NTASKS" --cpu-bind core)
