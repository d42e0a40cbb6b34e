# SPDX-License-Identifier: GPL-3.0-or-later
# One CMake target per room, one ctest entry per test program.

# vitrine_room(<folder> SOURCES a.cpp... HEADERS a.h... [DEPS vmm::base ...] [MOC])
# Makes the static library `vmm_base` with the alias `vmm::base` for the folder `vmm/base`.
# HEADERS are the public ones; each must compile alone (VERIFY_INTERFACE_HEADER_SETS).
function(vitrine_room folder)
  cmake_parse_arguments(ROOM "MOC" "" "SOURCES;HEADERS;DEPS" ${ARGN})
  string(REPLACE "/" "_" target ${folder})
  string(REPLACE "/" "::" alias ${folder})
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(${alias} ALIAS ${target})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ROOM_HEADERS})
  target_link_libraries(${target} ${scope} vitrine_options ${ROOM_DEPS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(NOT ROOM_SOURCES)
    # Nothing to compile.
  elseif(folder MATCHES "^ui/|^display/item$")
    vitrine_precompile(${target} qt)
  else()
    vitrine_precompile(${target} plain)
  endif()
  if(ROOM_MOC)
    set_target_properties(${target} PROPERTIES AUTOMOC ON)
  endif()
endfunction()

# vitrine_qml(<target>): what every module of nothing but QML has, after its qt_add_qml_module.
function(vitrine_qml target)
  # Byte code only: the C++ that Qt 6.4 makes of functions with value types (size) is wrong.
  set_target_properties(${target} PROPERTIES QT_QMLCACHEGEN_ARGUMENTS "--only-bytecode")
  vitrine_precompile(${target} qml)
endfunction()

# vitrine_tier_target(<label> <program>): `tests_unit`, `tests_device`, ... build one tier.
function(vitrine_tier_target label program)
  if(NOT TARGET tests_${label})
    add_custom_target(tests_${label})
  endif()
  add_dependencies(tests_${label} ${program})
endfunction()

# vitrine_moc(<target> <source>...)
# Runs moc over each source that is a Qt Test program (`*_test.cpp`, which includes `*_test.moc`). AUTOMOC would scan each
# target in a process of its own, which costs more than compiling the smaller tests.
function(vitrine_moc target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.moc.dir)
  file(MAKE_DIRECTORY ${folder})
  target_include_directories(${target} PRIVATE ${folder})
  foreach(source IN LISTS ARGN)
    if(source MATCHES "_test\\.cpp$")
      cmake_path(GET source STEM stem)
      add_custom_command(OUTPUT ${folder}/${stem}.moc DEPENDS ${source} VERBATIM
        COMMAND Qt6::moc -o ${folder}/${stem}.moc ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      target_sources(${target} PRIVATE ${folder}/${stem}.moc)
    endif()
  endforeach()
endfunction()

# vitrine_uses_threads(<result> <source>...): whether a test of the vmm starts threads or loops, itself or in the headers of
# tests/ it includes: only those are worth ThreadSanitizer's while, which takes a build of its own.
function(vitrine_uses_threads result)
  set(${result} FALSE PARENT_SCOPE)
  if(NOT CMAKE_CURRENT_SOURCE_DIR MATCHES "/tests/(device|unit)/vmm/")
    return()
  endif()
  set(files ${ARGN})
  while(files)
    list(POP_FRONT files file)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    file(STRINGS ${file} lines REGEX "std::j?thread|std::async|EventLoop|pthread_create" LIMIT_COUNT 1)
    if(lines)
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
    file(STRINGS ${file} includes REGEX "^#include \"tests/")
    list(TRANSFORM includes REPLACE "^#include \"(.*)\"$" "${CMAKE_SOURCE_DIR}/\\1")
    list(APPEND files ${includes})
  endwhile()
endfunction()

# vitrine_test(<name> LABEL unit|device|kvm|ui|e2e|fuzz SOURCES a.cpp [DEPS ...] [TIMEOUT seconds])
# A Qt Test program (one class per program, QTEST_GUILESS_MAIN and `#include "<file>.moc"`).
# Exit status 77 counts as skipped; the program prints the reason.
function(vitrine_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  if(VITRINE_SANITIZE)
    math(EXPR TEST_TIMEOUT "${TEST_TIMEOUT} * 5") # not optimised, and every access is looked at
  endif()
  add_executable(${name} ${TEST_SOURCES})
  set_target_properties(${name} PROPERTIES AUTOMOC OFF)
  vitrine_moc(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE vitrine_options Qt6::Test fmt::fmt ${TEST_DEPS})
  # What a test is quick enough with: the rooms it tests are optimised as ever.
  if(CMAKE_CXX_FLAGS_RELWITHDEBINFO MATCHES "-O2")
    target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  endif()
  vitrine_precompile(${name} test)
  vitrine_tier_target(${TEST_LABEL} ${name})
  set(labels ${TEST_LABEL})
  vitrine_uses_threads(threaded ${TEST_SOURCES})
  if(threaded)
    list(APPEND labels threads)
    vitrine_tier_target(threads ${name})
  endif()
  add_test(NAME ${TEST_LABEL}.${name} COMMAND ${name})
  set_tests_properties(${TEST_LABEL}.${name} PROPERTIES
    LABELS "${labels}" TIMEOUT ${TEST_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "QT_QPA_PLATFORM=offscreen")
  if(TEST_LABEL MATCHES "^(kvm|e2e)$")
    set_tests_properties(${TEST_LABEL}.${name} PROPERTIES RESOURCE_LOCK kvm)
  endif()
endfunction()

# vitrine_fuzz(<name> SOURCES a.cpp [DEPS ...] CORPUS folder [TIMEOUT seconds])
# A fuzz target: SOURCES define LLVMFuzzerTestOneInput. With VITRINE_FUZZ (clang) it is a libFuzzer program;
# everywhere else it gets tests/fuzz/replay_main.cpp, which runs the corpus and a fixed number of mutated
# inputs. CORPUS is relative to tests/fuzz/corpus (or absolute). ctest replays it under the label `fuzz`.
function(vitrine_fuzz name)
  cmake_parse_arguments(FUZZ "" "CORPUS;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT FUZZ_CORPUS)
    set(FUZZ_CORPUS ${name})
  endif()
  cmake_path(ABSOLUTE_PATH FUZZ_CORPUS BASE_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus NORMALIZE)
  if(NOT FUZZ_TIMEOUT)
    set(FUZZ_TIMEOUT 300)
  endif()
  add_executable(${name} ${FUZZ_SOURCES})
  set_target_properties(${name} PROPERTIES AUTOMOC OFF)
  target_link_libraries(${name} PRIVATE vitrine_options fmt::fmt ${FUZZ_DEPS})
  # -fPIC: as what was compiled ahead.
  target_compile_options(${name} PRIVATE -fPIC)
  vitrine_precompile(${name} plain)
  if(VITRINE_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(command ${name} -runs=20000 -max_total_time=20 -timeout=25 -rss_limit_mb=4096 -seed=1 -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/
      ${CMAKE_CURRENT_BINARY_DIR}/${name}-found ${FUZZ_CORPUS})
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name}-found)
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
    set(command ${name} ${FUZZ_CORPUS})
  endif()
  vitrine_tier_target(fuzz ${name})
  add_test(NAME fuzz.${name} COMMAND ${command})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT ${FUZZ_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
