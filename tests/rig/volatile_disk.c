/* A disk that remembers only what was synced.  For LD_PRELOAD.
 *
 * Everything the process does to files under EXAMROOM_DISK_DIR goes on as usual, and is written
 * down, in order, in the file EXAMROOM_DISK_RECORD: what was written where, and what was synced.
 * From the record tests/rig/volatile_disk.py makes what a disk would hold after a power cut.
 * An fsync is only written down: what is killed is the process, so nothing else is needed.
 *
 * Shared memory (-shm) is left out, as it does not survive and is made anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FD_MAX 4096

struct head {
    uint64_t kind, inode, offset, length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int record_fd = -1;
static uint64_t inode_of[FD_MAX]; /* 0: not a file of ours */
static char *folder_of[FD_MAX];   /* NULL: not a folder of ours */

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *record = getenv("EXAMROOM_DISK_RECORD");
    root = getenv("EXAMROOM_DISK_DIR");
    if (!root || !record)
        return;
    root_length = strlen(root);
    record_fd = open(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void record(char kind, uint64_t inode, uint64_t offset, const void *data, size_t length)
{
    REAL(writev);
    struct head head = {(uint64_t)kind, inode, offset, length};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, length}};
    if (real(record_fd, parts, 2) != (ssize_t)(sizeof head + length))
        abort();
}

/* Return the part of `path` below our folder, "." for the folder itself, or NULL. */
static const char *below(const char *path)
{
    size_t length = strlen(path);
    if (record_fd < 0 || strncmp(path, root, root_length) != 0)
        return NULL;
    if (length == root_length)
        return ".";
    if (path[root_length] != '/')
        return NULL;
    if (length > 4 && strcmp(path + length - 4, "-shm") == 0)
        return NULL;
    return path + root_length + 1;
}

static void record_two(char kind, const char *from, const char *to)
{
    char both[8192];
    size_t first = strlen(from) + 1, second = strlen(to) + 1;
    if (first + second > sizeof both)
        abort();
    memcpy(both, from, first);
    memcpy(both + first, to, second);
    record(kind, 0, 0, both, first + second - 1);
}

static uint64_t ours(int fd)
{
    return fd >= 0 && fd < FD_MAX ? inode_of[fd] : 0;
}

static void opened(int fd, const char *name, int is_new, int flags)
{
    struct stat found;
    if (fd < 0 || fd >= FD_MAX || fstat(fd, &found) != 0)
        return;
    if (S_ISDIR(found.st_mode)) {
        folder_of[fd] = strdup(name);
        return;
    }
    if (!S_ISREG(found.st_mode))
        return;
    inode_of[fd] = found.st_ino;
    if (is_new)
        record('c', found.st_ino, 0, name, strlen(name));
    else if (flags & O_TRUNC)
        record('t', found.st_ino, 0, NULL, 0);
}

static int open_and_note(int (*real)(int, const char *, int, ...), int at, const char *path,
                         int flags, mode_t mode)
{
    const char *name = at == AT_FDCWD || path[0] == '/' ? below(path) : NULL;
    int fd, is_new;
    if (!name)
        return real(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
    fd = real(at, path, flags, mode);
    opened(fd, name, is_new, flags);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPENED_AT(at) \
    mode_t mode = 0; \
    REAL(openat); \
    if (flags & O_CREAT) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    return open_and_note(real, at, path, flags, mode)

int open(const char *path, int flags, ...) { OPENED_AT(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPENED_AT(AT_FDCWD); }
int openat(int at, const char *path, int flags, ...) { OPENED_AT(at); }
int openat64(int at, const char *path, int flags, ...) { OPENED_AT(at); }

int close(int fd)
{
    REAL(close);
    if (fd >= 0 && fd < FD_MAX && (inode_of[fd] || folder_of[fd])) {
        pthread_mutex_lock(&lock);
        inode_of[fd] = 0;
        free(folder_of[fd]);
        folder_of[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real(fd);
}

ssize_t write(int fd, const void *data, size_t length)
{
    REAL(write);
    uint64_t inode = ours(fd);
    ssize_t written;
    off_t at;
    if (!inode)
        return real(fd, data, length);
    pthread_mutex_lock(&lock);
    at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    written = real(fd, data, length);
    if (written > 0)
        record('w', inode, at, data, written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
    REAL(pwrite64);
    uint64_t inode = ours(fd);
    ssize_t written;
    if (!inode)
        return real(fd, data, length, at);
    pthread_mutex_lock(&lock);
    written = real(fd, data, length, at);
    if (written > 0)
        record('w', inode, at, data, written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    return pwrite64(fd, data, length, at);
}

int ftruncate64(int fd, off64_t size)
{
    REAL(ftruncate64);
    uint64_t inode = ours(fd);
    int result;
    if (!inode)
        return real(fd, size);
    pthread_mutex_lock(&lock);
    result = real(fd, size);
    if (result == 0)
        record('t', inode, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

/* Room that is taken in advance reads as zeros, as a file does that is made longer. */
int posix_fallocate64(int fd, off64_t at, off64_t length)
{
    REAL(posix_fallocate64);
    uint64_t inode = ours(fd);
    struct stat found;
    int result;
    if (!inode)
        return real(fd, at, length);
    pthread_mutex_lock(&lock);
    result = real(fd, at, length);
    if (result == 0 && fstat(fd, &found) == 0)
        record('t', inode, found.st_size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int posix_fallocate(int fd, off_t at, off_t length)
{
    return posix_fallocate64(fd, at, length);
}

static int synced(int fd)
{
    pthread_mutex_lock(&lock);
    if (inode_of[fd])
        record('s', inode_of[fd], 0, NULL, 0);
    else
        record('d', 0, 0, folder_of[fd], strlen(folder_of[fd]));
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd)
{
    REAL(fsync);
    return ours(fd) || (fd >= 0 && fd < FD_MAX && folder_of[fd]) ? synced(fd) : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return ours(fd) ? synced(fd) : real(fd);
}

#define ONE_NAME(kind, ...) \
    const char *name = below(path); \
    int result; \
    if (!name) \
        return real(__VA_ARGS__); \
    pthread_mutex_lock(&lock); \
    result = real(__VA_ARGS__); \
    if (result == 0) \
        record(kind, 0, 0, name, strlen(name)); \
    pthread_mutex_unlock(&lock); \
    return result

int unlink(const char *path)
{
    REAL(unlink);
    ONE_NAME('u', path);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    ONE_NAME('m', path, mode);
}

#define TWO_NAMES(kind) \
    const char *first = below(from), *second = below(to); \
    int result; \
    if (!first || !second) \
        return real(from, to); \
    pthread_mutex_lock(&lock); \
    result = real(from, to); \
    if (result == 0) \
        record_two(kind, first, second); \
    pthread_mutex_unlock(&lock); \
    return result

int rename(const char *from, const char *to)
{
    REAL(rename);
    TWO_NAMES('r');
}

int link(const char *from, const char *to)
{
    REAL(link);
    TWO_NAMES('l');
}
