/*
 * A kernel that says how good its clock is, put before the C library: cc -shared -fPIC -O2 -o clock_faults.so clock_faults.c -ldl
 *
 *     LD_PRELOAD=clock_faults.so CLOCK_FAULTS=/tmp/maxerror brygga run
 *
 * CLOCK_FAULTS names a file with a number of microseconds, read anew at each question: the greatest error, 16000000 where nothing
 * disciplines the clock. Nothing can be set.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#define UNSYNCHRONISED 16000000

int adjtimex(struct timex *answer)
{
    const char *path = getenv("CLOCK_FAULTS");
    FILE *file = path ? fopen(path, "re") : NULL;
    long error = UNSYNCHRONISED;
    if (file) {
        if (fscanf(file, "%ld", &error) != 1)
            error = UNSYNCHRONISED;
        fclose(file);
    }
    memset(answer, 0, sizeof *answer);
    answer->maxerror = answer->esterror = error;
    answer->status = error < UNSYNCHRONISED ? STA_PLL : STA_PLL | STA_UNSYNC;
    return error < UNSYNCHRONISED ? TIME_OK : TIME_ERROR;
}
