# Turns SQL files into C, in CMake's own language. At configure time, so that the headers exist before anything is
# compiled, linted or analysed; a changed, added or removed file configures again.
#   src/db/sql/<noun>_<verb>.sql    prepared on every connection   enum SJ_SQL_<NOUN>_<VERB>   sanjeh/db/statements.h
#   src/db/admin/<name>.sql         never prepared                 enum SJ_ADMIN_<NAME>        admin_statements.h
#   migrations/NNNN_*.sql           bytes as they are, with SHA-256                            migrations.c

function(sj_write_if_changed path content)
  if(EXISTS ${path})
    file(READ ${path} present)
    if(present STREQUAL content)
      return()
    endif()
  endif()
  file(WRITE ${path} "${content}")
endfunction()

# The text of a statement as one C string literal: without comment lines, every line end kept as a space.
function(sj_sql_literal path out)
  file(READ ${path} text)
  string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "\\1" text "${text}")
  string(REGEX REPLACE "[ \t]*\n[ \t\n]*" "\n" text "${text}")
  string(STRIP "${text}" text)
  string(REGEX REPLACE ";[ \t\n]*$" "" text "${text}")
  string(LENGTH "${text}" length)
  if(length EQUAL 0)
    message(FATAL_ERROR "${path} holds no statement")
  endif()
  if(length GREATER 4000)
    message(FATAL_ERROR "${path} is longer than a C string may portably be (4,000)")
  endif()
  if(text MATCHES "--")
    message(FATAL_ERROR "${path}: a comment must have a line of its own")
  endif()
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# sj_embed_statements(<patterns> <prefix> <enum> <table> <header> <guard> <source> <include>)
function(sj_embed_statements patterns prefix enum table header guard source include)
  file(GLOB files CONFIGURE_DEPENDS ${patterns})
  list(SORT files COMPARE FILE_BASENAME)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(members "")
  set(rows "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
      message(FATAL_ERROR "${file}: names are lower case letters, digits and '_'")
    endif()
    string(TOUPPER ${name} upper)
    sj_sql_literal(${file} literal)
    string(APPEND members "    ${prefix}_${upper},\n")
    string(APPEND rows "    [${prefix}_${upper}] = {\"${name}\",\n     \"${literal}\"},\n")
  endforeach()
  sj_write_if_changed(${header} "/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from *.sql by cmake/embed_sql.cmake: do not edit.
 */
#ifndef ${guard}
#define ${guard}

enum ${enum} {
    ${prefix}_NONE_ = 0,
${members}    ${prefix}_COUNT_
};

#endif
")
  sj_write_if_changed(${source} "/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from *.sql by cmake/embed_sql.cmake: do not edit.
 */
#include \"${include}\"

const struct sj_statement ${table}[${prefix}_COUNT_] = {
    [${prefix}_NONE_] = {\"\", \"\"},
${rows}};
")
endfunction()

# sj_embed_migrations(<folder> <source>): numbers must be unique; gaps are allowed between branches of work.
function(sj_embed_migrations folder source)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/[0-9][0-9][0-9][0-9]_*.sql)
  list(SORT files COMPARE FILE_BASENAME)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(texts "")
  set(rows "")
  set(count 0)
  set(last "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX MATCH "^0*([0-9]+)_" matched ${name})
    set(number ${CMAKE_MATCH_1})
    if(number STREQUAL last)
      message(FATAL_ERROR "two migrations have the number ${number}")
    endif()
    set(last ${number})
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(${SJ_HEX_LINE_})" "\\1\n    " bytes "${bytes}")
    file(SHA256 ${file} sha)
    string(REGEX REPLACE "(..)" "0x\\1," sha "${sha}")
    string(APPEND texts "static const unsigned char text_${number}[] = {\n    ${bytes}0x00};\n")
    string(APPEND rows "    {${number}, \"${name}\", text_${number}, {${sha}}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  sj_write_if_changed(${source} "/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from *.sql by cmake/embed_sql.cmake: do not edit.
 */
#include \"migrate_priv.h\"

${texts}
const struct sj_migration sj_migrations[] = {
${rows}};
const size_t sj_migrations_count = ${count};
")
endfunction()
string(REPEAT "0x..," 20 SJ_HEX_LINE_)
