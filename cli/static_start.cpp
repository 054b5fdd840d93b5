// SPDX-License-Identifier: Apache-2.0
// glibc's start of a static program asks for the program's own folder, to have $ORIGIN for a dlopen
// that never comes: a readlink of /proc/self/exe, a sixteenth of what a hook takes in all
// (docs/decisions.md 55). The linker takes this definition instead of the one in libc.a
// (glibc 2.36, elf/dl-origin.c); where a libc does without it, nobody calls it.
extern "C" __attribute__((visibility("hidden"))) const char* _dl_get_origin() {
  return reinterpret_cast<const char*>(-1);  // what it returns where it does not know
}
