# sj_unit_test(<module> test_a.c …): one program tests_<module>, one ctest case per file's program. Mirrors src/.
function(sj_unit_test module)
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${module}_${name} ${source} ${PROJECT_SOURCE_DIR}/tests/unit/test.c)
    target_include_directories(${module}_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit
                                                        ${PROJECT_SOURCE_DIR}/src/${module})
    target_compile_definitions(${module}_${name} PRIVATE
      SJ_TEST_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors" SJ_TEST_SOURCE="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${module}_${name} PRIVATE sj_${module})
    add_test(NAME unit.${module}.${name} COMMAND ${module}_${name})
    set_tests_properties(unit.${module}.${name} PROPERTIES TIMEOUT 240 LABELS unit)
    if(module IN_LIST SJ_MODULES_WITH_DATABASE)
      sj_copies_database(unit.${module}.${name})
    endif()
  endforeach()
endfunction()

# The test's private PostgreSQL (tests/unit/pg.h) begins as a copy of the run's.
function(sj_copies_database test)
  set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED pg)
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT SANJEH_PG_TEMPLATE=${SJ_TEST_PG_TEMPLATE})
endfunction()

# sj_fuzz_target(<parser> <module>): tests/fuzz/fuzz_<parser>.c. With SJ_FUZZ a libFuzzer program; always a
# regression program that replays tests/fuzz/corpus/<parser>/.
function(sj_fuzz_target parser module)
  set(source ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_${parser}.c)
  if(SJ_FUZZ)
    add_executable(fuzz_${parser} ${source})
    target_link_libraries(fuzz_${parser} PRIVATE sj_${module})
    target_link_options(fuzz_${parser} PRIVATE -fsanitize=fuzzer)
  endif()
  add_executable(replay_${parser} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
  target_link_libraries(replay_${parser} PRIVATE sj_${module})
  add_test(NAME fuzz.replay.${parser}
           COMMAND replay_${parser} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${parser})
  set_tests_properties(fuzz.replay.${parser} PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()
