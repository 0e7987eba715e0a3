/*
 * A resolver that fails, put before the C library: cc -shared -fPIC -O2 -o resolver_faults.so resolver_faults.c -ldl
 *
 *     LD_PRELOAD=resolver_faults.so RESOLVER_FAULTS=/tmp/names brygga run
 *
 * RESOLVER_FAULTS names a file that is read anew at each question; nothing of the machine's own resolver is touched. A line for each
 * name, the first that fits counts; names that are not in it are asked for as ever:
 *
 *     mqtt.city.test 127.0.0.1     is there
 *     mqtt.city.test again 5000    after 5 s: no server answers (EAI_AGAIN), as without a line to the network
 *     mqtt.city.test none 0        at once: there is no such name (EAI_NONAME)
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*ask)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int find(const char *name, char *what, long *wait_ms)
{
    const char *path = getenv("RESOLVER_FAULTS");
    FILE *file = path && name ? fopen(path, "re") : NULL;
    char line[512], known[256];
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        *wait_ms = 0;
        found = sscanf(line, "%255s %63s %ld", known, what, wait_ms) >= 2 && !strcmp(known, name);
    }
    if (file)
        fclose(file);
    return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **answer)
{
    ask real = (ask)dlsym(RTLD_NEXT, "getaddrinfo");
    char what[64];
    long wait_ms = 0;
    if (!find(name, what, &wait_ms))
        return real(name, service, hints, answer);
    struct timespec pause = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    if (!strcmp(what, "again"))
        return EAI_AGAIN;
    if (!strcmp(what, "none"))
        return EAI_NONAME;
    return real(what, service, hints, answer);
}
