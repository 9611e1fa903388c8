# sj_options: the language, the warning set of the house and the hardening of each preset.
add_library(sj_options INTERFACE)
target_compile_features(sj_options INTERFACE c_std_17)
target_compile_definitions(sj_options INTERFACE _GNU_SOURCE)
target_compile_options(sj_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wundef -Wvla
  -Walloca -Wcast-qual -Wcast-align -Wpointer-arith -Wwrite-strings -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wnull-dereference -Wdouble-promotion -Wswitch-enum
  -Wimplicit-fallthrough -Wdate-time -Wbad-function-cast -Wredundant-decls
  -fno-omit-frame-pointer -fvisibility=hidden
  -include ${PROJECT_SOURCE_DIR}/include/sanjeh/base/banned.h)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sj_options INTERFACE -Wformat-signedness -Wduplicated-cond
    -Wduplicated-branches -Wlogical-op -Wjump-misses-init -Warith-conversion -Wtrampolines
    -Wstringop-overflow=4)
else()
  target_compile_options(sj_options INTERFACE -Wcomma -Wassign-enum -Wconditional-uninitialized
    -Wmissing-variable-declarations -Wunreachable-code -Wthread-safety)
endif()

set(SJ_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")
option(SJ_COVERAGE "source-based coverage (clang)" OFF)
option(SJ_FUZZ "build the libFuzzer targets (clang)" OFF)
if(SJ_SANITIZE)
  target_compile_options(sj_options INTERFACE -fsanitize=${SJ_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sj_options INTERFACE -fsanitize=${SJ_SANITIZE})
endif()
if(SJ_COVERAGE)
  target_compile_options(sj_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(sj_options INTERFACE -fprofile-instr-generate)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(sj_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sj_options INTERFACE -ftrivial-auto-var-init=zero)
  endif()
  target_link_options(sj_options INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
