/* SPDX-License-Identifier: Apache-2.0
 *
 * Does every input that once mattered still pass? Feeds each file named, and each file of each
 * folder named, to the target's LLVMFuzzerTestOneInput, in a heap block of exactly its size so that
 * the address sanitizer sees every read beyond it. A folder that is missing or empty is a failure:
 * a corpus that got lost must not look like a success.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;

    if (file == NULL || fstat(fileno(file), &info) != 0 || info.st_size < 0) {
        fprintf(stderr, "replay: cannot open '%s'\n", path);
        return 1;
    }
    const size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        fprintf(stderr, "replay: cannot read '%s'\n", path);
        return 1;
    }
    fclose(file);
    /* Said before the call: a crash then names its input. */
    printf("%s (%zu bytes)\n", path, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 0;
}

static int replay_folder(const char *path)
{
    struct dirent **entries = NULL;
    const int count = scandir(path, &entries, NULL, alphasort);
    int failed = 0;
    int ran = 0;

    for (int i = 0; i < count; i++) {
        char name[4096];
        struct stat info;
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        if (stat(name, &info) == 0 && S_ISREG(info.st_mode)) {
            failed |= replay_file(name);
            ran++;
        }
        free(entries[i]);
    }
    free(entries);
    if (ran == 0) {
        fprintf(stderr, "replay: no input in '%s'\n", path);
    }
    return failed != 0 || ran == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    int failed = argc < 2 ? 1 : 0;

    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            fprintf(stderr, "replay: '%s' does not exist\n", argv[i]);
            failed = 1;
        } else if (S_ISDIR(info.st_mode)) {
            failed |= replay_folder(argv[i]);
        } else {
            failed |= replay_file(argv[i]);
        }
    }
    return failed;
}
