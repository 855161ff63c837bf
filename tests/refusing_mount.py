"""A stand-in for mounts that refuse what Linux's own file systems do: NFS, SMB, FUSE, exFAT.

A library in C, loaded into a process before all others, lets system calls on a path with a part
like `chown=95` fail with that error number. So one folder may stand for each kind of refusal, and
one process meets them all.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needed = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

/* The number in a part CALL=NUMBER of a path, or -1. */
static long asked(const char *call, const char *path) {
  char part[64];
  snprintf(part, sizeof part, "/%s=", call);
  const char *found = path ? strstr(path, part) : NULL;
  return found ? atol(found + strlen(part)) : -1;
}

static int refused(const char *call, const char *path) {
  long number = asked(call, path);
  if (number > 0) errno = (int)number;
  return number > 0;
}

static const char *path_of(int file, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}

static int refused_file(const char *call, int file) {
  char path[8192];
  return refused(call, path_of(file, path, sizeof path));
}

static int refused_sync(int file) {
  struct stat status;
  if (refused_file("fsync", file)) return 1;
  return !fstat(file, &status) && S_ISDIR(status.st_mode) && refused_file("sync-folder", file);
}

#define PATH(name, call, types, values) \
  int name types { return refused(call, path) ? -1 : NEXT(name) values; }
#define FILE_(name, call, types, values) \
  int name types { return refused_file(call, file) ? -1 : NEXT(name) values; }

PATH(chown, "chown", (const char *path, uid_t u, gid_t g), (path, u, g))
PATH(lchown, "chown", (const char *path, uid_t u, gid_t g), (path, u, g))
PATH(fchownat, "chown", (int d, const char *path, uid_t u, gid_t g, int f), (d, path, u, g, f))
FILE_(fchown, "chown", (int file, uid_t u, gid_t g), (file, u, g))
PATH(chmod, "chmod", (const char *path, mode_t m), (path, m))
PATH(fchmodat, "chmod", (int d, const char *path, mode_t m, int f), (d, path, m, f))
FILE_(fchmod, "chmod", (int file, mode_t m), (file, m))
PATH(utimensat, "utime", (int d, const char *path, const struct timespec t[2], int f),
     (d, path, t, f))
FILE_(futimens, "utime", (int file, const struct timespec t[2]), (file, t))
PATH(setxattr, "setxattr", (const char *path, const char *n, const void *v, size_t s, int f),
     (path, n, v, s, f))
PATH(lsetxattr, "setxattr", (const char *path, const char *n, const void *v, size_t s, int f),
     (path, n, v, s, f))
FILE_(fsetxattr, "setxattr", (int file, const char *n, const void *v, size_t s, int f),
      (file, n, v, s, f))
FILE_(flock, "flock", (int file, int operation), (file, operation))
PATH(access, "access", (const char *path, int m), (path, m))
PATH(faccessat, "access", (int d, const char *path, int m, int f), (d, path, m, f))

int fsync(int file) { return refused_sync(file) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return refused_sync(file) ? -1 : NEXT(fdatasync)(file); }

void *mmap(void *at, size_t n, int p, int f, int file, off_t o) {
  return file >= 0 && refused_file("mmap", file) ? MAP_FAILED : NEXT(mmap)(at, n, p, f, file, o);
}

void *mmap64(void *at, size_t n, int p, int f, int file, off64_t o) {
  return file >= 0 && refused_file("mmap", file) ? MAP_FAILED : NEXT(mmap64)(at, n, p, f, file, o);
}

ssize_t copy_file_range(int from, off64_t *a, int file, off64_t *b, size_t n, unsigned f) {
  return refused_file("copy_file_range", file) ? -1 : NEXT(copy_file_range)(from, a, file, b, n, f);
}

/* `renamed` is a rename that is done and then said to have failed. */
int rename(const char *from, const char *path) {
  if (refused("rename", path)) return -1;
  int result = NEXT(rename)(from, path);
  return result || refused("renamed", path) ? -1 : 0;
}

/* New files get a mode of the mount's own choice, written in octal digits: `created=666`. */
static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  int file = real(path, flags, mode);
  long wished = asked("created", path);
  if (file >= 0 && flags & O_EXCL && wished > 0)
    NEXT(fchmod)(file, wished / 100 << 6 | wished / 10 % 10 << 3 | wished % 10);
  return file;
}
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(NEXT(name), path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

/* With `inode=1` the number of a file is another under each of its names. */
#define STAT(name, type, types, values) \
  int name types { \
    int result = NEXT(name) values; \
    if (!result && asked("inode", path) > 0) \
      for (const char *c = path; *c; c++) status->st_ino = status->st_ino * 31 + *c; \
    return result; \
  }
STAT(stat, stat, (const char *path, struct stat *status), (path, status))
STAT(stat64, stat64, (const char *path, struct stat64 *status), (path, status))
STAT(fstatat, stat, (int d, const char *path, struct stat *status, int f), (d, path, status, f))
STAT(fstatat64, stat64, (int d, const char *path, struct stat64 *status, int f),
     (d, path, status, f))
"""


def built(folder: Path) -> Path:
    """The library, for LD_PRELOAD."""
    source, library = folder / "refusing.c", folder / "refusing.so"
    source.write_text(_SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", library, source, "-ldl"], check=True)
    return library


def keeps_attributes(folder: Path) -> bool:
    """Whether files in `folder` can have extended attributes."""
    (probe := folder / "probe").touch()
    try:
        os.setxattr(probe, "user.note", b"kept")
    except OSError:
        return False
    finally:
        probe.unlink()
    return True
