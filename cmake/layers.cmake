# Reads src/LAYERS: sj_layer_links(<module> <out>) gives the library targets a module may link.
file(STRINGS ${PROJECT_SOURCE_DIR}/src/LAYERS SJ_LAYER_LINES REGEX "^[a-z]+ *:")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/LAYERS)

function(sj_layer_links module out)
  foreach(line IN LISTS SJ_LAYER_LINES)
    string(REGEX MATCH "^([a-z]+) *:([^:]*):" matched "${line}")
    if(CMAKE_MATCH_1 STREQUAL module)
      string(STRIP "${CMAKE_MATCH_2}" names)
      separate_arguments(names)
      set(libraries)
      foreach(name IN LISTS names)
        if(EXISTS ${PROJECT_SOURCE_DIR}/src/${name}/CMakeLists.txt)
          list(APPEND libraries sj_${name})
        endif()
      endforeach()
      set(${out} ${libraries} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "module '${module}' has no line in src/LAYERS")
endfunction()

# sj_module(<name> SOURCES a.c b.c [LIBRARIES imported targets]): one source folder, one library,
# linked with exactly the modules that src/LAYERS allows.
function(sj_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  list(TRANSFORM arg_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/src/${name}/)
  sj_layer_links(${name} links)
  add_library(sj_${name} STATIC ${arg_SOURCES})
  target_include_directories(sj_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                        PRIVATE ${PROJECT_SOURCE_DIR}/src/${name})
  target_link_libraries(sj_${name} PUBLIC sj_options ${links} PRIVATE ${arg_LIBRARIES})
endfunction()
