# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler settings shared by every target: language level, warnings, hardening, sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

option(VITRINE_WERROR "Treat warnings as errors" OFF)
set(VITRINE_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, address or thread")
option(VITRINE_FUZZ "Build the libFuzzer targets with their fuzzing engine (clang only)" OFF)

find_program(VITRINE_CCACHE ccache)
if(VITRINE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${VITRINE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${VITRINE_CCACHE})
endif()

add_library(vitrine_options INTERFACE)
target_include_directories(vitrine_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(vitrine_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  -Werror=return-type -Werror=unused-result -Werror=switch
  $<$<BOOL:${VITRINE_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
# Iterator and bounds assertions of the standard library stay on in what users run: a bug aborts.
target_compile_definitions(vitrine_options INTERFACE _GLIBCXX_ASSERTIONS)
# Checked calls in every optimised build, so that what they refuse is found before a release.
if(NOT VITRINE_SANITIZE AND CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(vitrine_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(vitrine_options INTERFACE -fstack-protector-strong)
  # No path of the machine that built it (tests/e2e/package.py looks).
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}/=)
endif()

if(VITRINE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(VITRINE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
# Programs with a sanitizer are large: where lld is there they are linked in a quarter of the time.
find_program(VITRINE_LLD ld.lld)
if(VITRINE_SANITIZE AND VITRINE_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Every room is instrumented for coverage when the fuzzing engine drives it; each target links the engine itself.
if(VITRINE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "VITRINE_FUZZ needs clang: use the preset `fuzz`.")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# QML compiled ahead makes a start quick. Where nobody waits for one it only makes the build longer, by minutes.
set(VITRINE_QML_CACHE "")
if(VITRINE_SANITIZE OR CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(VITRINE_QML_CACHE NO_CACHEGEN)
endif()
