#!/usr/bin/env bash
# The copy of a data set on one node, for slurm/common.sh. The jobs of a user on the node share it.
#   stage.sh in COPY ARCHIVE   unpacks the tar archive into the folder COPY, unless another job has
#   stage.sh out COPY          removes the copy, unless another job still reads it
# A file in COPY.jobs stands for each job that reads the copy.
set -euo pipefail
umask 077 # the images may be those of patients

copy=$2
folder=${copy%/*}
mkdir -p -- "$folder"
[[ -O $folder && ! -L $folder ]] ||
  { echo "error: $folder on $HOSTNAME is not a folder of your own" >&2; exit 2; }
chmod 700 -- "$folder"
exec 9>"$folder/lock"
flock 9
case $1 in
  in)
    mkdir -p -- "$copy.jobs"
    touch -- "$copy.jobs/$SLURM_JOB_ID"
    [[ ! -d $copy ]] || exit 0
    rm -rf -- "$copy.part"
    mkdir -- "$copy.part"
    tar -xf "$3" -C "$copy.part"
    mv -- "$copy.part" "$copy"
    ;;
  out)
    rm -f -- "$copy.jobs/$SLURM_JOB_ID"
    ! rmdir -- "$copy.jobs" 2>/dev/null || rm -rf -- "$copy"
    ;;
esac
