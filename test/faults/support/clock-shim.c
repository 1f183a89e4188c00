/* Shifts CLOCK_REALTIME by the nanoseconds in the file that CLOCK_OFFSET_FILE names (8 bytes, little endian), read anew
 * at each call. Preloaded; the monotonic clocks are left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long long *offset_ns;
static int looked;

static void look(void) {
  if (looked) return;
  looked = 1;
  const char *name = getenv("CLOCK_OFFSET_FILE");
  if (!name) return;
  /* Raw calls: a host program may wrap the library's. */
  int file = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY, 0);
  if (file < 0) return;
  long page = syscall(SYS_mmap, 0L, 4096L, (long)PROT_READ, (long)MAP_SHARED, (long)file, 0L);
  if (page > 0 || page < -4095) offset_ns = (const volatile long long *)page;
  syscall(SYS_close, file);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  long result = syscall(SYS_clock_gettime, clock, out);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return (int)result;
  look();
  if (!offset_ns) return 0;
  long long ns = (long long)out->tv_sec * 1000000000LL + out->tv_nsec + *offset_ns;
  out->tv_sec = ns / 1000000000LL;
  out->tv_nsec = ns % 1000000000LL;
  return 0;
}

int gettimeofday(struct timeval *out, void *zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  if (out) {
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
  }
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
