/* File systems that lack something, linked into a test. ODD_FILES_FSYNC: the error that fsync of a
   folder fails with, ODD_FILES_FSYNC_ALL: fsync of anything. ODD_FILES_FLOCK: the error of flock.
   ODD_FILES_ROOM: where set, statvfs tells nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int error_of(const char* name) {
  const char* value = getenv(name);
  return value == NULL ? 0 : atoi(value);
}

static int fail(int error) {
  errno = error;
  return -1;
}

int fsync(int fd) {
  struct stat file;
  const int of_all = error_of("ODD_FILES_FSYNC_ALL");
  const int of_folders = error_of("ODD_FILES_FSYNC");
  if (of_all != 0) return fail(of_all);
  if (of_folders != 0 && fstat(fd, &file) == 0 && S_ISDIR(file.st_mode)) return fail(of_folders);
  return (int)syscall(SYS_fsync, fd);
}

int flock(int fd, int operation) {
  const int error = error_of("ODD_FILES_FLOCK");
  return error != 0 ? fail(error) : (int)syscall(SYS_flock, fd, operation);
}

int statvfs(const char* path, struct statvfs* result) {
  struct statfs real;
  if (statfs(path, &real) != 0) return -1;
  *result = (struct statvfs){0};
  if (getenv("ODD_FILES_ROOM") != NULL) return 0;
  result->f_bsize = (unsigned long)real.f_bsize;
  result->f_frsize = (unsigned long)real.f_frsize;
  result->f_blocks = real.f_blocks;
  result->f_bfree = real.f_bfree;
  result->f_bavail = real.f_bavail;
  return 0;
}
