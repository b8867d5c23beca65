// The process by /proc/self, under the names that every client library of Prometheus gives them.
#include "metrics/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STAT_SIZE = 1024 };

static bool read_small(const char *path, char text[STAT_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, STAT_SIZE - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

// Wall time minus what has gone by since: good to a hundredth, which is the kernel's own tick.
static double start_time(unsigned long long start_ticks, double ticks)
{
	struct timespec wall, boot;
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	double booted = (double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9;
	return booted + (double)start_ticks / ticks;
}

static void put_stat(Metrics *metrics)
{
	char text[STAT_SIZE];
	unsigned long long user, system, start, bytes;
	long pages;
	double ticks = (double)sysconf(_SC_CLK_TCK);
	if (!read_small("/proc/self/stat", text))
		return;
	// The program's name, in parentheses, may hold anything.
	const char *rest = strrchr(text, ')');
	if (!rest || sscanf(rest,
	                     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
	                     "%*d %*d %llu %llu %ld",
	                     &user, &system, &start, &bytes, &pages) != 5)
		return;
	metrics_family(metrics, METRIC_COUNTER, "process_cpu_seconds_total",
	        "Processor time that the process has used, in user and kernel mode.");
	metrics_sample(metrics, (double)(user + system) / ticks, METRIC_NO_LABELS);
	metrics_gauge(metrics, "process_start_time_seconds", "When the process was started, in Unix time.",
	        start_time(start, ticks));
	metrics_gauge(metrics, "process_virtual_memory_bytes", "Address space that the process has mapped.",
	        (double)bytes);
	metrics_gauge(metrics, "process_resident_memory_bytes", "Memory that the process has in core.",
	        (double)pages * (double)sysconf(_SC_PAGESIZE));
}

static void put_descriptors(Metrics *metrics)
{
	struct rlimit limit;
	DIR *dir = opendir("/proc/self/fd");
	double count = -3; // ".", ".." and the folder's own
	if (!dir)
		return;
	while (readdir(dir))
		count++;
	closedir(dir);
	metrics_gauge(metrics, "process_open_fds", "File descriptors that are open.", count);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_gauge(metrics, "process_max_fds", "File descriptors that may be open.",
		        limit.rlim_cur == RLIM_INFINITY ? -1 : (double)limit.rlim_cur);
}

void metrics_process(Metrics *metrics, const char *program)
{
	metrics_family(
	        metrics, METRIC_GAUGE, "parley_build_info", "Always 1: its labels say which build this is.");
	metrics_sample(
	        metrics, 1, METRIC_LABELS({"program", str(program)}, {"version", str(PARLEY_VERSION)}));
	put_stat(metrics);
	put_descriptors(metrics);
}
