/*
 * A disk that is slow or fails, put before the C library: cc -shared -fPIC -O2 -o disk_faults.so disk_faults.c -ldl
 *
 *     LD_PRELOAD=disk_faults.so DISK_FAULTS=/tmp/faults brygga run
 *
 * DISK_FAULTS names a file that is read anew at each call, so that a disk may fail and recover while the program runs; it may be
 * missing. Its words, each once, apart by white space:
 *
 *     only=journal.db        of files whose path has this in it; without it of every file
 *     flush_ms=20            each fsync() and fdatasync() takes that much longer
 *     jump_us=2000           and that much more for each write since the last flush that began elsewhere than in the block of 4 kB
 *                            where the one before ended, or in the next: a card of class A1 does 500 of them a second
 *     fail_flush=3..5:EIO    the third to the fifth flush fail, counted from when the file's text last changed
 *     fail_write=1..:ENOSPC  every write fails: EIO, ENOSPC, EROFS or EDQUOT
 *     fail_read=2:EIO        the second read fails
 *
 * A write is pwrite(), pwrite64(), write() or ftruncate(); a read is pread() or pread64(): what SQLite uses.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, TEXT = 512, FILES = 1024, PATH = 4096 };
enum kind { FLUSH, WRITE, READ, KINDS };

static const char *const FAIL[KINDS] = {"fail_flush=", "fail_write=", "fail_read="};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t card = PTHREAD_MUTEX_INITIALIZER; /* a card does one thing at a time */
static char text[TEXT];         /* as it was read last */
static long calls[KINDS];       /* since the text changed */
static off64_t ends[FILES];     /* where the last write to each open file ended */
static long jumps[FILES];       /* writes elsewhere than there, since the file's last flush */

/* Raw system calls: the wrapped functions would come back here. */
static void read_text(char *into)
{
    const char *name = getenv("DISK_FAULTS");
    int file = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC) : -1;
    long size = file < 0 ? 0 : syscall(SYS_read, file, into, TEXT - 1);
    if (file >= 0)
        syscall(SYS_close, file);
    into[size > 0 ? size : 0] = 0;
}

/* Return what follows WORD in FROM, or nothing. */
static const char *value_of(const char *from, const char *word)
{
    const char *found = from;
    while ((found = strstr(found, word)) && found != from && !strchr(" \t\n", found[-1]))
        found++;
    return found ? found + strlen(word) : NULL;
}

static long number_of(const char *from, const char *word)
{
    const char *value = value_of(from, word);
    return value ? atol(value) : 0;
}

static int is_meant(const char *from, int file)
{
    const char *part = value_of(from, "only=");
    char link[64], path[PATH], wanted[TEXT];
    if (!part)
        return 1;
    snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(part, " \t\n"), part);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    long size = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH - 1);
    path[size > 0 ? size : 0] = 0;
    return strstr(path, wanted) != NULL;
}

static int error_named(const char *name)
{
    return !strncmp(name, "ENOSPC", 6) ? ENOSPC : !strncmp(name, "EROFS", 5) ? EROFS : !strncmp(name, "EDQUOT", 6) ? EDQUOT : EIO;
}

/* Return the error that call NUMBER of KIND ends with, or 0. */
static int error_of(const char *from, enum kind kind, long number)
{
    const char *value = value_of(from, FAIL[kind]);
    char *rest;
    if (!value)
        return 0;
    long first = strtol(value, &rest, 10), last = first;
    if (!strncmp(rest, "..", 2)) {
        const char *end = rest + 2;
        last = strtol(end, &rest, 10);
        if (rest == end)
            last = number;
    }
    if (number < first || number > last)
        return 0;
    return error_named(*rest == ':' ? rest + 1 : "EIO");
}

/* Count a call of KIND on FILE; return its error or 0, and how many microseconds it is to wait. */
static int judge(enum kind kind, int file, off64_t at, size_t size, long *wait_us)
{
    char now[TEXT];
    int error = 0;
    *wait_us = 0;
    if (!getenv("DISK_FAULTS"))
        return 0;
    read_text(now);
    if (!is_meant(now, file))
        return 0;
    pthread_mutex_lock(&lock);
    if (strcmp(now, text)) {
        strcpy(text, now);
        memset(calls, 0, sizeof calls);
    }
    error = error_of(now, kind, ++calls[kind]);
    if (file >= 0 && file < FILES && !error) {
        if (kind == WRITE && at >= 0) {
            jumps[file] += at / BLOCK < ends[file] / BLOCK || at / BLOCK > ends[file] / BLOCK + 1;
            ends[file] = at + (off64_t)size;
        } else if (kind == FLUSH) {
            *wait_us = number_of(now, "flush_ms=") * 1000 + jumps[file] * number_of(now, "jump_us=");
            jumps[file] = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static int is_failed(enum kind kind, int file, off64_t at, size_t size)
{
    long wait_us;
    int before = errno, error = judge(kind, file, at, size, &wait_us);
    if (wait_us > 0) {
        struct timespec pause = {wait_us / 1000000, wait_us % 1000000 * 1000};
        pthread_mutex_lock(&card);
        nanosleep(&pause, NULL);
        pthread_mutex_unlock(&card);
    }
    errno = error ? error : before;
    return error != 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int file) { return is_failed(FLUSH, file, 0, 0) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return is_failed(FLUSH, file, 0, 0) ? -1 : REAL(fdatasync)(file); }

ssize_t pwrite(int file, const void *from, size_t size, off_t at)
{
    return is_failed(WRITE, file, at, size) ? -1 : REAL(pwrite)(file, from, size, at);
}

ssize_t pwrite64(int file, const void *from, size_t size, off64_t at)
{
    return is_failed(WRITE, file, at, size) ? -1 : REAL(pwrite64)(file, from, size, at);
}

ssize_t write(int file, const void *from, size_t size)
{
    return is_failed(WRITE, file, -1, size) ? -1 : REAL(write)(file, from, size);
}

int ftruncate(int file, off_t size) { return is_failed(WRITE, file, -1, 0) ? -1 : REAL(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return is_failed(WRITE, file, -1, 0) ? -1 : REAL(ftruncate64)(file, size); }

ssize_t pread(int file, void *into, size_t size, off_t at)
{
    return is_failed(READ, file, at, size) ? -1 : REAL(pread)(file, into, size, at);
}

ssize_t pread64(int file, void *into, size_t size, off64_t at)
{
    return is_failed(READ, file, at, size) ? -1 : REAL(pread64)(file, into, size, at);
}
